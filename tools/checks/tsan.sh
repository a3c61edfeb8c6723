# shellcheck shell=bash
# under the thread sanitizer, on a std::thread a lane in place of TBB; a planted race must be found
# Sourced by tools/check. A fiftieth of the cases, unless TILEWISE_TEST_SCALE says otherwise. What is about TBB or forks is left out.

install_packages build tests data
build=$(build_folder)-tsan
configure "$build" -Doptimization=1 -Ddebug=false -Db_ndebug=false -Db_sanitize=thread -Db_lundef=false -Dcpp_args=-g1
compile "$build" meson-test-prereq
export TILEWISE_TEST_SCALE=${TILEWISE_TEST_SCALE-short} TILEWISE_TEST_BACKEND=threads
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
run_tests "$build" --timeout-multiplier 4 "$@"
