#pragma once

#include <cstdint>

/// What the processor and the operating system can run, read from the registers that say so.
namespace tilewise::kernels {

/// What x86's CPUID and XGETBV answer; zero where there is no such leaf or instruction.
struct CpuRegisters {
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf1_edx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint64_t xcr0 = 0;
  std::uint32_t leaf1_eax = 0;
  bool is_amd = false;  ///< leaf 0: the vendor is "AuthenticAMD"
};

/// Each ISA's is true only if every instruction may be used that the compiler flags of its file allow it to emit.
struct CpuFeatures {
  bool sse2 = false;
  bool avx2 = false;
  bool avx512 = false;
  bool neon64 = false;
  bool single_fma512 = false;  ///< one multiply-add of 512 bits a cycle, and not two
};

/// What CPUID leaves in its four registers.
struct CpuidAnswer {
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// The two instructions that are asked; a test has others.
struct CpuInstructions {
  CpuidAnswer (*cpuid)(std::uint32_t leaf, std::uint32_t subleaf) noexcept;
  std::uint64_t (*xgetbv)() noexcept;  ///< of XCR0
};

/// Asks for no leaf beyond the last one, where old Intel processors answer with some other leaf, and for XCR0 only if
/// the operating system has turned XGETBV on: else it is an illegal instruction.
CpuRegisters read_cpu_registers(const CpuInstructions& instructions) noexcept;

/// The registers of this machine; all zero where it is no x86.
CpuRegisters read_cpu_registers() noexcept;

CpuFeatures decode(const CpuRegisters& registers) noexcept;

}  // namespace tilewise::kernels
