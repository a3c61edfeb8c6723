#include "kernels/all_floats.hpp"

namespace tilewise::test {
namespace {

/// Denormals count as zero.
constexpr Subject tanhs{"tanh",
                        [](const KernelTable<float>& table, const float* in, float* out, std::int64_t count) {
                          table.tanh({.in = in, .out = out, .count = count});
                        },
                        [](double x) { return std::fabs(x) < smallest_normal_float ? 0 * x : std::tanh(x); }, 4};

constexpr Subject sigmoids{"sigmoid",
                           [](const KernelTable<float>& table, const float* in, float* out, std::int64_t count) {
                             table.sigmoid({.in = in, .out = out, .count = count});
                           },
                           [](double x) {
                             const double e = std::exp(-std::fabs(x));
                             return (x < 0 ? e : 1) / (1 + e);
                           },
                           4};

TEST_CASE("tanh of all floats", "[kernels]") {
  check_all_floats(tanhs);
  check_neighbours(tanhs, {0.f, -0.f, 0.625f, -0.625f, 1.f, 9.f, -9.f, 44.f, infinity, -infinity, 0x1p-126f});
}

TEST_CASE("sigmoids of all floats", "[kernels]") {
  check_all_floats(sigmoids);
  check_neighbours(sigmoids, {0.f, -0.f, 1.f, -1.f, 17.f, 0x1.5d58ap6f, -0x1.5d58ap6f, infinity, -infinity, 0x1p-126f});
}

TEST_CASE("activations of what is no usual number", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float in[] = {infinity, -infinity, not_a_number, -0.f, 1e-40f};
    float tanhs_of[5], sigmoids_of[5], leaky[5];
    table(isa).tanh({.in = in, .out = tanhs_of, .count = 5});
    table(isa).sigmoid({.in = in, .out = sigmoids_of, .count = 5});
    table(isa).leaky_relu({.in = in, .out = leaky, .count = 4, .slope = 0.25f});
    CHECK(tanhs_of[0] == 1);
    CHECK(tanhs_of[1] == -1);
    CHECK(std::isnan(tanhs_of[2]));
    CHECK(std::bit_cast<std::uint32_t>(tanhs_of[3]) == 0x80000000);
    CHECK(std::bit_cast<std::uint32_t>(tanhs_of[4]) == 0);
    CHECK(sigmoids_of[0] == 1);
    CHECK(std::bit_cast<std::uint32_t>(sigmoids_of[1]) == 0);
    CHECK(std::isnan(sigmoids_of[2]));
    CHECK(sigmoids_of[3] == 0.5f);
    CHECK(sigmoids_of[4] == 0.5f);
    CHECK(leaky[0] == infinity);
    CHECK(leaky[1] == -infinity);
    CHECK(std::isnan(leaky[2]));
    CHECK(leaky[3] == 0);
  }
}

}  // namespace
}  // namespace tilewise::test
