# shellcheck shell=bash
# the x86 build, its tests and its command, on emulated CPUs of 2008 (Nehalem) and 2013 (Haswell)
#
# What the linker or a compiler flag lets slip into code for everybody is an illegal instruction there, and goes unnoticed on the machine that
# built it. The tests run at their short scale, without those of threads and forks: no instruction is new there, and qemu 7.2 breaks down
# in the child of a program with threads. The build is plain tools/check's.

[ $# = 0 ] || die "tools/check --old-cpus takes no $1"
install_packages build tests data old
build=$(build_folder)
configure "$build"
compile "$build"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Each CPU chooses for itself.
unset TILEWISE_ISA
export TILEWISE_TEST_SCALE=short

# An emulator that runs everything would show nothing: an instruction that the CPU lacks has to end the program, with 128 + SIGILL.
refuses() {
  local emulator=$1 instruction=$2 status=0
  printf 'int main() { __asm__ volatile("%s"); }\n' "$instruction" | ${CXX:-c++} -x c++ -o "$scratch/program" -
  { $emulator "$scratch/program"; } 2>"$scratch/program.log" || status=$?
  [ "$status" = 132 ]
}

# doctor finds these ISAs, no other, and the library chooses the last of them.
doctor_finds() {
  local emulator=$1 isas=$2
  $emulator "$build/tools/tilewise" doctor --json >"$scratch/doctor.json"
  python3 -c 'import json, sys
found, expected = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2].split()
sys.exit((found["isas"], found["isa"]["value"]) != (expected, expected[-1]))' "$scratch/doctor.json" "$isas"
}

# The kernels' tests say on which ISAs they ran kernels of its own.
kernels_ran_on() { grep -q "counted: vector kernels of $1 " "$build"/meson-logs/testlog*.json; }
no_kernel_ran_on() { ! kernels_ran_on "$1"; }

# What a CPU has to be, whatever the tests say: each line one check.
expect() {
  if "$@"; then echo "1 passed, 0 failed"; else printf 'FAILED: %s\n%s\n' "$*" "0 passed, 1 failed"; fi
}

# check_cpu NAME EMULATOR ISAS FOREIGN INSTRUCTION: the ISAs that it has, the next one, and an instruction of that.
check_cpu() {
  local name=$1 emulator=$2 isas=$3 foreign=$4 instruction=$5
  say "== $name"
  add_totals "$name lacks $foreign" expect refuses "$emulator" "$instruction"
  add_totals "$name has ${isas##* }" expect doctor_finds "$emulator" "$isas"
  add_totals "$name, test program" run_tests "$build" --suite rooms --no-suite threads --wrapper "$emulator" --timeout-multiplier 4
  add_totals "$name, kernels of ${isas##* }" expect kernels_ran_on "${isas##* }"
  add_totals "$name, none of $foreign" expect no_kernel_ran_on "$foreign"
  MESON_EXE_WRAPPER=$emulator add_totals "$name, command" run_tests "$build" command filters --timeout-multiplier 4
}

begin_totals
check_cpu Nehalem 'qemu-x86_64 -cpu Nehalem' 'reference sse2' avx2 'vpaddd %ymm0, %ymm0, %ymm0'
# For a masked load (vmaskmovps) qemu 7.2 reads the whole vector, also what the mask leaves out: it would fault at the page that guards the end of a
# buffer, as no processor does. Masked stores write what they should only. SSE2 has neither, so Nehalem's tests have their guards.
export TILEWISE_TEST_GUARDS=0
# Without what qemu does not have of a Haswell, of which it would warn.
check_cpu Haswell 'qemu-x86_64 -cpu Haswell,-pcid,-x2apic,-tsc-deadline,-invpcid,-hle,-rtm' 'reference sse2 avx2' avx512 \
  'vpaddd %zmm0, %zmm0, %zmm0'
print_totals
