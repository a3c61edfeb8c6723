# shellcheck shell=bash
# under the address, leak and undefined-behaviour sanitizers; whatever they find ends its test
# Sourced by tools/check. A fiftieth of the cases, unless TILEWISE_TEST_SCALE says otherwise. g++ 12 warns of variables in std::regex that it
# thinks unset when its own sanitizers are on: that one warning is off.

install_packages build tests data
build=$(build_folder)-asan
configure "$build" -Doptimization=1 -Ddebug=false -Db_ndebug=false -Db_sanitize=address,undefined -Db_lundef=false -Dcpp_args="-g1 -fno-omit-frame-pointer -fno-sanitize-recover=all -Wno-maybe-uninitialized"
compile "$build" meson-test-prereq
export TILEWISE_TEST_SCALE=${TILEWISE_TEST_SCALE-short}
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:allocator_may_return_null=1
export UBSAN_OPTIONS=print_stacktrace=1
run_tests "$build" --timeout-multiplier 4 "$@"
