#include "kernels/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tilewise::kernels {
namespace {

constexpr std::uint32_t bit(int n) {
  return std::uint32_t{1} << n;
}

// Intel SDM volume 2A, CPUID. The compiler flag of an ISA allows the older extensions too, so those are asked for as
// well.
constexpr std::uint32_t sse2_edx = bit(23) | bit(24) | bit(25) | bit(26);  // MMX, FXSR, SSE, SSE2
// The system has turned XGETBV on.
constexpr std::uint32_t osxsave = bit(27);
// SSE3, SSSE3, FMA, SSE4.1, SSE4.2, POPCNT, XSAVE, OSXSAVE, AVX
constexpr std::uint32_t avx2_ecx =
    bit(0) | bit(9) | bit(12) | bit(19) | bit(20) | bit(23) | bit(26) | osxsave | bit(28);
constexpr std::uint32_t avx2_ebx = bit(5);
constexpr std::uint32_t avx512_ecx = avx2_ecx | bit(29);  // F16C, which clang counts in
constexpr std::uint32_t avx512_ebx = avx2_ebx | bit(16) | bit(17) | bit(28) | bit(30) | bit(31);  // F, DQ, CD, BW, VL
// What the operating system saves at a task switch: SDM volume 1, 13.3.
constexpr std::uint64_t ymm_state = 0b0000'0110;  // XMM and the upper halves of YMM
constexpr std::uint64_t zmm_state = 0b1110'0110;  // and mask registers, the upper halves of ZMM, ZMM16 to 31

// AMD64 Architecture Programmer's Manual volume 3, CPUID leaf 1: the family, of which Zen 3 and 4 share one.
constexpr std::uint32_t zen4_family = 0x19;
constexpr std::uint32_t family_of(std::uint32_t leaf1_eax) {
  constexpr std::uint32_t extended = 0xF;
  const std::uint32_t base = leaf1_eax >> 8 & 0xF;
  return base == extended ? base + (leaf1_eax >> 20 & 0xFF) : base;
}

constexpr bool is_amd(const CpuidAnswer& leaf0) {
  return leaf0.ebx == 0x68747541 && leaf0.edx == 0x69746E65 && leaf0.ecx == 0x444D4163;  // Auth, enti, cAMD
}

constexpr bool has_all(std::uint64_t value, std::uint64_t bits) {
  return (value & bits) == bits;
}

#if defined(__x86_64__)
CpuidAnswer cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  CpuidAnswer answer;
  __cpuid_count(leaf, subleaf, answer.eax, answer.ebx, answer.ecx, answer.edx);
  return answer;
}

std::uint64_t xgetbv() noexcept {
  std::uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32 | low;
}
#endif

}  // namespace

CpuFeatures decode(const CpuRegisters& r) noexcept {
  CpuFeatures features;
  features.sse2 = has_all(r.leaf1_edx, sse2_edx);
  features.avx2 =
      features.sse2 && has_all(r.leaf1_ecx, avx2_ecx) && has_all(r.leaf7_ebx, avx2_ebx) && has_all(r.xcr0, ymm_state);
  features.avx512 = features.avx2 && has_all(r.leaf1_ecx, avx512_ecx) && has_all(r.leaf7_ebx, avx512_ebx) &&
                    has_all(r.xcr0, zmm_state);
  features.single_fma512 = features.avx512 && r.is_amd && family_of(r.leaf1_eax) == zen4_family;
#if defined(__aarch64__)
  features.neon64 = true;  // a part of every 64-bit ARM
#endif
  return features;
}

CpuRegisters read_cpu_registers(const CpuInstructions& instructions) noexcept {
  CpuRegisters registers;
  const CpuidAnswer leaf0 = instructions.cpuid(0, 0);
  const std::uint32_t last_leaf = leaf0.eax;
  registers.is_amd = is_amd(leaf0);
  if (last_leaf >= 1) {
    const CpuidAnswer leaf1 = instructions.cpuid(1, 0);
    registers.leaf1_eax = leaf1.eax;
    registers.leaf1_ecx = leaf1.ecx;
    registers.leaf1_edx = leaf1.edx;
  }
  if (last_leaf >= 7) registers.leaf7_ebx = instructions.cpuid(7, 0).ebx;
  if (registers.leaf1_ecx & osxsave) registers.xcr0 = instructions.xgetbv();
  return registers;
}

CpuRegisters read_cpu_registers() noexcept {
#if defined(__x86_64__)
  return read_cpu_registers({.cpuid = cpuid, .xgetbv = xgetbv});
#else
  return {};
#endif
}

}  // namespace tilewise::kernels
