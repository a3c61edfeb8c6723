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
};

/// Each is true only if every instruction may be used that the compiler flags of that ISA's file allow it to emit.
struct CpuFeatures {
  bool sse2 = false;
  bool avx2 = false;
  bool avx512 = false;
  bool neon64 = false;
};

/// The registers of this machine; all zero where it is no x86.
CpuRegisters read_cpu_registers() noexcept;

CpuFeatures decode(const CpuRegisters& registers) noexcept;

}  // namespace tilewise::kernels
