#include "kernels/all_floats.hpp"

namespace tilewise::test {
namespace {

constexpr Subject exponentials{"exponential",
                               [](const KernelTable<float>& table, const float* in, float* out, std::int64_t count) {
                                 table.exponential({.in = in, .out = out, .count = count});
                               },
                               [](double x) { return std::exp(x); }, 2};

/// Denormals count as zero.
constexpr Subject logarithms{"logarithm",
                             [](const KernelTable<float>& table, const float* in, float* out, std::int64_t count) {
                               table.logarithm({.in = in, .out = out, .count = count});
                             },
                             [](double x) { return std::log(std::fabs(x) < smallest_normal_float ? 0 : x); }, 2};

TEST_CASE("exponentials of all floats", "[kernels]") {
  check_all_floats(exponentials);
  check_neighbours(exponentials, {0.f, -0.f, 1.f, -1.f, 0x1.62e43p6f, -0x1.5d58ap6f, 0x1.62e43p-2f, -0x1.62e43p-2f,
                                  infinity, -infinity, 0x1p-126f});
}

TEST_CASE("logarithms of all floats", "[kernels]") {
  check_all_floats(logarithms);
  check_neighbours(logarithms, {0.f, -0.f, 1.f, -1.f, 2.f, 0.5f, 0x1.6a09e6p-1f, 0x1.6a09e6p0f, 0x1p-126f, -0x1p-126f,
                                infinity, -infinity});
}

TEST_CASE("exponential and logarithm of what is no usual number", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float in[] = {infinity, -infinity, not_a_number, 0.f, -0.f, -1.f, 1e-40f, 1.f};
    float e[8], ln[8];
    table(isa).exponential({.in = in, .out = e, .count = 8});
    table(isa).logarithm({.in = in, .out = ln, .count = 8});
    CHECK(e[0] == infinity);
    CHECK(std::bit_cast<std::uint32_t>(e[1]) == 0);
    CHECK(std::isnan(e[2]));
    for (int i : {3, 4, 6}) CHECK(e[i] == 1);
    CHECK(ln[0] == infinity);
    for (int i : {1, 2, 5}) CHECK(std::isnan(ln[i]));
    for (int i : {3, 4, 6}) CHECK(ln[i] == -infinity);
    CHECK(std::bit_cast<std::uint32_t>(ln[7]) == 0);
  }
}

}  // namespace
}  // namespace tilewise::test
