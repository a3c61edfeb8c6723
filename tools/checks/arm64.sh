# shellcheck shell=bash
# 64-bit ARM: cross-builds everything and runs the tests, a fiftieth of the cases, under qemu on NEON
#
# Needs apt-get: the libraries are Debian's arm64 packages (Debian 12 and 13), unpacked below build-arm64. None of them is installed, and
# dpkg learns of no other architecture.

# The libraries of tools/packages, which are those with other probes than a command, and the C library.
arm64_packages() {
  echo libc6-dev
  package_rows build tests | awk -F '\t' '$2 !~ /^command:/ { print $1 }'
}

# unpack_arm64 FOLDER PACKAGE...: fetches them and all that they need from this machine's sources, with lists of its own, and unpacks them.
unpack_arm64() {
  local sysroot=$1 state=$1.apt
  shift
  rm -rf "$sysroot" "$state"
  mkdir -p "$state/lists/partial" "$state/archives/partial" "$sysroot/usr/lib"
  : >"$state/status"
  ln -s usr/lib "$sysroot/lib"
  local apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root -o "Dir::State=$state"
    -o "Dir::State::status=$state/status" -o "Dir::Cache=$state")
  "${apt[@]}" update || say 'apt-get update failed for arm64; trying with what it found'
  quietly "${apt[@]}" install -y --no-install-recommends --download-only "$@"
  local package
  for package in "$state"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$sysroot"
  done
  # A link to /lib/... means the sysroot's.
  local link
  while read -r link; do ln -srfn "$sysroot$(readlink "$link")" "$link"; done < <(find "$sysroot" -type l -lname '/*')
  rm -rf "$state"
}

# The folder for arm64: the sysroot, made when its list of packages changes, and beside it a cross file that says where it is.
prepare_arm64() {
  local sysroot=$1/sysroot packages
  packages=$(arm64_packages)
  [ "$(cat "$sysroot.packages" 2>/dev/null)" != "$packages" ] || return 0
  is_there command:apt-get || die 'tools/check --arm64 takes the libraries from Debian with apt-get, which is not there'
  say 'unpacking arm64 libraries'
  # shellcheck disable=SC2086
  unpack_arm64 "$sysroot" $packages
  printf "[constants]\nsysroot = '%s'\n" "$sysroot" >"$sysroot.ini"
  printf '%s\n' "$packages" >"$sysroot.packages"
}

[ "$(uname -m)" != aarch64 ] || die 'this machine is 64-bit ARM: tools/check, without --arm64, is what to run here'
install_packages build tests data arm64
build=$PWD/build-arm64
prepare_arm64 "$build"
configure "$build" --cross-file tools/cross/aarch64-linux-gnu.ini --cross-file "$build/sysroot.ini"
compile "$build"

# Forced: without NEON the tests refuse to run, and tools/test_totals.py wants to see that its kernels did. The tests keep their guard
# pages: qemu 7.2 gives an access of NEON the bounds that a processor does (TILEWISE_TEST_GUARDS=0 is for AVX's masked loads).
export TILEWISE_ISA=neon64 TILEWISE_TEST_SCALE=short
run_tests "$build" --timeout-multiplier 4 "$@"
