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
  CpuRegisters registers = skylake_server;
  registers.xcr0 = 0b0000'0111;  // YMM saved, ZMM not
  CHECK(decode(registers).avx2);
  CHECK_FALSE(decode(registers).avx512);
  registers.xcr0 = 0b0000'0011;  // XMM only
  CHECK(decode(registers).sse2);
  CHECK_FALSE(decode(registers).avx2);
  registers.xcr0 = 0b0110'0111;  // no mask registers' upper state: ZMM_Hi256 without all three parts
  registers.xcr0 |= 0b1000'0000;
  registers.xcr0 &= ~std::uint64_t{0b0010'0000};
  CHECK_FALSE(decode(registers).avx512);
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
