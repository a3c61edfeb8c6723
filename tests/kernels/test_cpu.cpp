#include <algorithm>
#include <cstdint>
#include <string>

#include "kernels/cpu.hpp"
#include "kernels/select.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"
#include "tilewise/error.hpp"
#include "tilewise/isa.hpp"

namespace {

using namespace tilewise;
using kernels::CpuFeatures;
using kernels::CpuRegisters;

// A Skylake server, as CPUID reports it under a system that saves everything.
constexpr CpuRegisters skylake_server{
    .leaf1_ecx = 0x7FFEFBFF, .leaf1_edx = 0xBFEBFBFF, .leaf7_ebx = 0xD39FFFFB, .xcr0 = 0x2FF};

TEST_CASE("no registers, no x86 ISA", "[kernels]") {
  const CpuFeatures features = decode(CpuRegisters{});
  CHECK_FALSE(features.sse2);
  CHECK_FALSE(features.avx2);
  CHECK_FALSE(features.avx512);
}

TEST_CASE("a Skylake server has every x86 ISA", "[kernels]") {
  const CpuFeatures features = decode(skylake_server);
  CHECK(features.sse2);
  CHECK(features.avx2);
  CHECK(features.avx512);
}

TEST_CASE("an ISA needs each of its feature bits", "[kernels]") {
  const auto without = [](std::uint32_t CpuRegisters::*leaf, int bit) {
    CpuRegisters registers = skylake_server;
    registers.*leaf &= ~(std::uint32_t{1} << bit);
    return decode(registers);
  };
  for (int bit : {25, 26}) CHECK_FALSE(without(&CpuRegisters::leaf1_edx, bit).sse2);
  for (int bit : {0, 9, 12, 19, 20, 23, 26, 27, 28}) {  // SSE3 to AVX
    INFO("leaf 1, ecx, bit " << bit);
    const CpuFeatures features = without(&CpuRegisters::leaf1_ecx, bit);
    CHECK(features.sse2);
    CHECK_FALSE(features.avx2);
    CHECK_FALSE(features.avx512);
  }
  for (int bit : {16, 17, 28, 30, 31}) {  // AVX512F, DQ, CD, BW, VL
    INFO("leaf 7, ebx, bit " << bit);
    const CpuFeatures features = without(&CpuRegisters::leaf7_ebx, bit);
    CHECK(features.avx2);
    CHECK_FALSE(features.avx512);
  }
  CHECK_FALSE(without(&CpuRegisters::leaf7_ebx, 5).avx2);
  CHECK_FALSE(without(&CpuRegisters::leaf1_ecx, 29).avx512);  // F16C
}

TEST_CASE("an ISA needs the operating system to save its registers", "[kernels]") {
  const auto saved = [](std::uint64_t xcr0) {
    CpuRegisters registers = skylake_server;
    registers.xcr0 = xcr0;
    return decode(registers);
  };
  constexpr std::uint64_t x87 = 1, xmm = 2, ymm = 4, masks = 0x20, zmm = 0x40, zmm16_to_31 = 0x80;
  constexpr std::uint64_t avx512 = masks | zmm | zmm16_to_31, all = x87 | xmm | ymm | avx512;
  CHECK(saved(all).avx512);
  CHECK(saved(all | 0x60200).avx512);  // and PKRU and AMX's tiles
  for (std::uint64_t missing : {masks, zmm, zmm16_to_31, avx512}) {
    INFO("XCR0 without " << missing);
    CHECK(saved(all & ~missing).avx2);
    CHECK_FALSE(saved(all & ~missing).avx512);
  }
  for (std::uint64_t missing : {xmm, ymm, xmm | ymm, ymm | avx512, all}) {
    INFO("XCR0 without " << missing);
    CHECK(saved(all & ~missing).sse2);  // 64-bit systems save XMM by FXSAVE, whatever XCR0 says
    CHECK_FALSE(saved(all & ~missing).avx2);
    CHECK_FALSE(saved(all & ~missing).avx512);
  }
}

TEST_CASE("processors and hypervisors that have parts of an ISA do not have it", "[kernels]") {
  struct Machine {
    const char* name;
    CpuRegisters registers;
    bool avx2, avx512;
  };
  constexpr std::uint32_t sse42 = 0x00980201, x87_to_sse2 = 0x07808111, avx = 1u << 28, fma = 1u << 12, f16c = 1u << 29;
  constexpr std::uint32_t xsave = 1u << 26, osxsave = 1u << 27, saved = xsave | osxsave, avx2 = 1u << 5;
  constexpr std::uint32_t avx512f = 1u << 16, avx512cd = 1u << 28, avx512_rest = 1u << 17 | 1u << 30 | 1u << 31;
  constexpr std::uint32_t haswell = sse42 | saved | avx | fma | f16c;
  constexpr std::uint32_t avx512_all = avx512f | avx512cd | avx512_rest;
  const Machine machines[] = {
      {"Haswell", {haswell, x87_to_sse2, avx2, 7}, true, false},
      {"Nehalem", {sse42, x87_to_sse2, 0, 0}, false, false},
      {"Sandy Bridge: AVX alone", {sse42 | saved | avx, x87_to_sse2, 0, 7}, false, false},
      {"Piledriver: FMA without AVX2", {haswell, x87_to_sse2, 0, 7}, false, false},
      {"AVX2 without FMA", {haswell & ~fma, x87_to_sse2, avx2, 7}, false, false},
      {"Knights Landing: AVX-512F and CD alone", {haswell, x87_to_sse2, avx2 | avx512f | avx512cd, 0xE7}, true, false},
      {"Haswell under a system without XSAVE", {haswell & ~osxsave, x87_to_sse2, avx2, 0}, false, false},
      {"a hypervisor that hides XSAVE only", {haswell & ~saved, x87_to_sse2, avx2, 7}, false, false},
      {"a hypervisor that hides AVX only", {haswell & ~avx, x87_to_sse2, avx2 | avx512_all, 0xE7}, false, false},
      {"a hypervisor that hides AVX2 only", {haswell, x87_to_sse2, avx512_all, 0xE7}, false, false},
      {"a hypervisor that hides AVX-512F only",
       {haswell, x87_to_sse2, avx2 | (avx512_all & ~avx512f), 0xE7},
       true,
       false},
      {"a hypervisor that saves YMM only", {haswell, x87_to_sse2, avx2 | avx512_all, 7}, true, false},
      {"all of it", {haswell, x87_to_sse2, avx2 | avx512_all, 0xE7}, true, true},
  };
  for (const Machine& machine : machines) {
    INFO(machine.name);
    const CpuFeatures features = decode(machine.registers);
    CHECK(features.sse2);
    CHECK(features.avx2 == machine.avx2);
    CHECK(features.avx512 == machine.avx512);
  }
}

TEST_CASE("a Zen 4 is known by its vendor and family", "[kernels]") {
  constexpr std::uint32_t zen3 = 0x00A20F10, zen4 = 0x00A10F11, zen5 = 0x00B00F21, skylake = 0x00050654;
  const auto has_single = [](std::uint32_t leaf1_eax, bool is_amd, std::uint64_t xcr0 = 0x2FF) {
    CpuRegisters registers = skylake_server;
    registers.leaf1_eax = leaf1_eax;
    registers.is_amd = is_amd;
    registers.xcr0 = xcr0;
    return decode(registers).single_fma512;
  };
  CHECK(has_single(zen4, true));
  CHECK_FALSE(has_single(zen4, false));
  CHECK_FALSE(has_single(zen5, true));
  CHECK_FALSE(has_single(skylake, false));
  CHECK_FALSE(has_single(zen3, true, 7));  // without AVX-512
  const auto is_amd = [](kernels::CpuidAnswer leaf0) {
    static kernels::CpuidAnswer answer;
    answer = leaf0;
    return kernels::read_cpu_registers({.cpuid = [](std::uint32_t, std::uint32_t) noexcept { return answer; },
                                        .xgetbv = []() noexcept { return std::uint64_t{0}; }})
        .is_amd;
  };
  CHECK(is_amd({0, 0x68747541, 0x444D4163, 0x69746E65}));
  CHECK_FALSE(is_amd({0, 0x756E6547, 0x6C65746E, 0x49656E69}));  // GenuineIntel
}

TEST_CASE("a leaf beyond the last is not asked for", "[kernels]") {
  // An old Intel processor answers with its last leaf then, here all bits.
  static std::uint32_t last_leaf, asked;
  const kernels::CpuInstructions instructions{
      .cpuid =
          [](std::uint32_t leaf, std::uint32_t) noexcept {
            asked = std::max(asked, leaf);
            return leaf == 0 ? kernels::CpuidAnswer{.eax = last_leaf} : kernels::CpuidAnswer{~0u, ~0u, ~0u, ~0u};
          },
      .xgetbv = []() noexcept { return ~std::uint64_t{0}; }};
  for (std::uint32_t last : {0u, 1u, 2u, 6u, 7u, 13u, 32u}) {
    INFO("last leaf " << last);
    last_leaf = last;
    asked = 0;
    const CpuFeatures features = decode(read_cpu_registers(instructions));
    CHECK(asked <= last);
    CHECK(features.sse2 == (last >= 1));
    CHECK(features.avx2 == (last >= 7));
    CHECK(features.avx512 == (last >= 7));
  }
}

TEST_CASE("XCR0 is read only where the system has turned that on", "[kernels]") {
  static std::uint32_t leaf1_ecx;
  static bool read;
  const kernels::CpuInstructions instructions{
      .cpuid =
          [](std::uint32_t leaf, std::uint32_t) noexcept {
            return leaf == 0 ? kernels::CpuidAnswer{.eax = 13} : kernels::CpuidAnswer{0, ~0u, leaf1_ecx, ~0u};
          },
      .xgetbv =
          []() noexcept {
            read = true;
            return std::uint64_t{0xE7};
          }};
  constexpr std::uint32_t osxsave = 1u << 27;
  for (bool on : {false, true}) {
    leaf1_ecx = on ? ~0u : ~osxsave;
    read = false;
    const CpuRegisters registers = read_cpu_registers(instructions);
    CHECK(read == on);
    CHECK(registers.xcr0 == (on ? 0xE7 : 0));
    CHECK(decode(registers).avx512 == on);
    CHECK(decode(registers).sse2);
  }
}

TEST_CASE("the table of an ISA is its own, and complete", "[kernels]") {
  for (Isa isa : available_isas()) {
    const auto& table = kernels::table(isa);
    CHECK(isa_name(isa) == table.isa);
#define KERNEL(name, Args) CHECK(table.name != nullptr);
#include "kernels/kernels.inc"
#undef KERNEL
  }
  CHECK(available_isas().front() == Isa::reference);
  CHECK(available_isas().back() == kernels::best_isa());
}

TEST_CASE("an ISA that is not there is refused by name", "[kernels]") {
#if defined(__x86_64__)
  const char* foreign = "neon64";
#else
  const char* foreign = "avx2";
#endif
  CHECK_THROWS_AS(require_isa(foreign), ArgumentError);
  CHECK_THROWS_WITH(require_isa(foreign), contains(foreign) && contains("available: reference"));
  CHECK_THROWS_WITH(require_isa("mmx"), contains("mmx") && contains("available: reference"));
  const test::Environment forced("TILEWISE_ISA", foreign);
  CHECK_THROWS_AS(default_isa(), ArgumentError);
}

TEST_CASE("TILEWISE_ISA forces an ISA", "[kernels]") {
  for (Isa isa : available_isas()) {
    const test::Environment forced("TILEWISE_ISA", std::string(isa_name(isa)).c_str());
    CHECK(default_isa() == isa);
  }
  const test::Environment unset("TILEWISE_ISA", "");
  CHECK(default_isa() == kernels::best_isa());
}

}  // namespace
