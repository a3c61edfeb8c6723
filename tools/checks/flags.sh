# shellcheck shell=bash
# what users' CXXFLAGS do to it: -march=native, -march=x86-64-v3, -O0, _GLIBCXX_ASSERTIONS, LTO
#
# Each builds in a folder of its own and runs the whole suite at its short scale: what flags may break is in every test, not in the number of
# its cases. A full build each, so this is not in .ci/run.
#
#   tools/check --flags
#   tools/check --flags native lto     only these

# The name of each, and its CXXFLAGS or its option of meson.
flag_builds=(
  'native     -march=native'
  'v3         -march=x86-64-v3'
  'O0         -O0'
  'assertions -D_GLIBCXX_ASSERTIONS'
  'lto        -Db_lto=true'
)

check_with() {
  local flag=$1 folder=$2
  case $flag in
    -Db_*) configure "$folder" "$flag" ;;
    *) CXXFLAGS="${CXXFLAGS:-} $flag" configure "$folder" ;;
  esac
  compile "$folder"
  TILEWISE_TEST_SCALE=short run_tests "$folder" --timeout-multiplier 3
}

install_packages build tests data
known=' '
for row in "${flag_builds[@]}"; do known+="${row%% *} "; done
for wanted in "$@"; do [[ $known == *" $wanted "* ]] || die "tools/check --flags knows no '$wanted'; there are:$known"; done

begin_totals
for row in "${flag_builds[@]}"; do
  read -r name flag <<<"$row"
  [ $# = 0 ] || [[ " $* " == *" $name "* ]] || continue
  say "== $flag"
  add_totals "$flag" check_with "$flag" "$(build_folder)-$name"
done
print_totals
