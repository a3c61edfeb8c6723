# shellcheck shell=bash
# What tools/quickstart, tools/check and tools/checks share: this machine's packages, a build folder, a run of the tests. Sourced, from the
# repository's root.

say() { printf '%s\n' "$*" >&2; }
die() { say "$1"; exit 1; }

# CC alone chooses its C++ compiler.
if [ -z "${CXX:-}" ]; then
  case ${CC:-} in
    *clang*) export CXX=${CC/clang/clang++} ;;
    *gcc*) export CXX=${CC/gcc/g++} ;;
  esac
fi

# clang++ for CXX="ccache /usr/bin/clang++"; empty for the default one.
compiler_name() {
  local compiler=${CXX:-}
  compiler=${compiler##* }
  printf '%s' "${compiler##*/}"
}

# The rows of tools/packages of the given groups that are meant for this system.
package_rows() {
  local system=
  # shellcheck source=/dev/null
  if [ -r /etc/os-release ]; then system=$(. /etc/os-release && printf '%s-%s' "${ID:-}" "${VERSION_ID:-}"); fi
  local group=' '"$*"' '
  local row_group row_system package probe what
  while read -r row_group row_system package probe what; do
    case $row_group in '' | '#'*) continue ;; esac
    [[ $group == *" $row_group "* ]] || continue
    [ "$row_system" = all ] || [ "$row_system" = "$system" ] || continue
    printf '%s\t%s\t%s\n' "$package" "$probe" "$what"
  done <tools/packages
}

# Whether a probe of tools/packages finds what it is for.
is_there() {
  local kind=${1%%:*} name=${1#*:}
  case $kind in
    command) command -v "$name" >/dev/null || { [ "$name" = c++ ] && [ -n "${CXX:-}" ]; } ;;
    pkg-config) command -v pkg-config >/dev/null && pkg-config --exists "$name" ;;
    header) echo "#include <$name>" | ${CXX:-c++} -x c++ -std=c++20 -fsyntax-only - 2>/dev/null ;;
    data) [ -d "/usr/share/datasets/$name" ] || [ -d "/usr/local/share/datasets/$name" ] ||
      [ -d "${TILEWISE_DATA_DIR:-/nonexistent}/$name" ] ;;
  esac
}

# Without apt-get nothing is installed: what is missing is named, all at once.
require_by_probe() {
  local package probe what missing=
  while IFS=$'\t' read -r package probe what; do
    is_there "$probe" || missing+=$'\n'"  $what  [Debian's $package]"
  done < <(package_rows "$@")
  [ -z "$missing" ] || die "This machine has no apt-get, so please install these with its own package manager, then run this again:$missing"
}

# install_packages GROUP...: installs what is missing of those groups, and the compiler that CXX names.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    require_by_probe "$@"
    return
  fi
  local wanted=() missing=() package
  while IFS=$'\t' read -r package _; do wanted+=("$package"); done < <(package_rows "$@")
  local compiler
  compiler=$(compiler_name)
  case $compiler in
    '') ;;
    clang++*) command -v "$compiler" >/dev/null || wanted+=("clang${compiler#clang++}") ;;
    g++-*) command -v "$compiler" >/dev/null || wanted+=("$compiler") ;;
  esac
  # A package that dpkg does not know is no error here: it is missing. One of another architecture has a line of its own.
  local installed
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true)
  for package in "${wanted[@]}"; do grep -qxF "$package installed" <<<"$installed" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "These packages are missing and installing them needs root or sudo: ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  # A stale list of packages may still do.
  "${as_root[@]}" update || say 'apt-get update failed; trying with the lists of packages that are there'
  # dpkg's progress is noise until something fails.
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    die "apt-get could not install: ${missing[*]}"
  fi
  rm -f "$log"
}

# Where this compiler builds: build for the default one, build-clang++ for CXX=clang++.
build_folder() {
  local compiler
  compiler=$(compiler_name)
  printf 'build%s' "${compiler:+-$compiler}"
}

# quietly COMMAND...: its output is shown only if it fails, or if a compiler warned of something.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  # What ninja says of its progress hides the errors.
  if [ "$status" != 0 ] || grep -q 'warning: ' "$log"; then grep -vE '^\[[0-9]+/[0-9]+\] [A-Z]' "$log" | tail -n 100 >&2; fi
  rm -f "$log"
  [ "$status" = 0 ] || die "failed: $*"
}

# compile FOLDER [TARGET...]: with ninja's line of progress on a terminal, else quietly.
compile() {
  if [ -t 2 ]; then ninja -C "$@" >&2; else quietly ninja -C "$@"; fi
}

# configure FOLDER [OPTION...]: the build folder with everything in it. The options are for `meson setup`, and count when it is made.
configure() {
  local folder=$1
  shift
  # `enabled`, not `auto`: a library that is not found is an error, not a suite that silently has fewer tests.
  local everything=(-Dtests=enabled -Dbenchmarks=enabled -Dtools=enabled)
  if [ ! -f "$folder/build.ninja" ]; then
    quietly meson setup "$folder" "${everything[@]}" "$@"
  elif [ "$(meson introspect --buildoptions "$folder" | python3 tools/test_totals.py --disabled tests benchmarks tools)" ]; then
    quietly meson configure "$folder" "${everything[@]}"
  fi
}

# 90 seconds are 1.5.
minutes() { printf '%s.%s' $(($1 / 60)) $(($1 % 60 / 6)); }

# run_tests FOLDER [ARGUMENT...]: `meson test` with these arguments; its last line and its status are tools/check's.
run_tests() {
  local folder=$1 status=0 begin=$SECONDS
  shift
  local log=$folder/meson-logs/testlog.json
  rm -f "$log"
  meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || status=$?
  printf '%s minutes, %s of them for the tests\n' "$(minutes "$SECONDS")" "$(minutes $((SECONDS - begin)))"
  python3 tools/test_totals.py "$log" || status=1
  return "$status"
}
