#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "kernels/activation_cases.hpp"
#include "kernels/classification_cases.hpp"
#include "kernels/conv_cases.hpp"
#include "kernels/conv_dot_cases.hpp"
#include "kernels/depthwise_cases.hpp"
#include "kernels/elementwise_cases.hpp"
#include "kernels/exp_log_cases.hpp"
#include "kernels/normalization_cases.hpp"
#include "kernels/optimizer_cases.hpp"
#include "kernels/pool_cases.hpp"
#include "kernels/pooled_conv_cases.hpp"
#include "kernels/select.hpp"
#include "kernels/slice_cases.hpp"
#include "kernels/target_cases.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"

// Every kernel of kernels.inc on every ISA of this machine, one TEST_CASE each.
namespace tilewise::test {
namespace {

/// Per kernel and ISA: shapes with exact data, and with reals (and as many with NaN and infinities).
constexpr std::uint64_t exact_shapes = 2000, real_shapes = 500;

bool has_fma(Isa isa) {
  return isa != Isa::sse2;
}

/// Equal as numbers, and both NaN or neither.
bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

/// -1, or the first place where they differ.
template <class Same>
std::int64_t first_difference(const std::vector<double>& expected, const std::vector<double>& found,
                              const Same& is_same) {
  if (expected.size() != found.size()) return 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!is_same(expected[i], found[i], i)) return static_cast<std::int64_t>(i);
  return -1;
}

void require_equal(const std::vector<double>& expected, const std::vector<double>& found, const char* what) {
  const std::int64_t at = first_difference(expected, found, [](double a, double b, std::size_t) { return same(a, b); });
  if (at < 0) return;
  INFO(what << " " << at << " of " << expected.size());
  REQUIRE(expected.size() == found.size());
  REQUIRE(found[static_cast<std::size_t>(at)] == expected[static_cast<std::size_t>(at)]);
  FAIL("one of them is NaN");
}

void require_near(const std::vector<double>& expected, const std::vector<double>& found,
                  const std::vector<double>& bound) {
  const std::int64_t at = first_difference(
      expected, found, [&](double a, double b, std::size_t i) { return same(a, b) || std::fabs(a - b) <= bound[i]; });
  if (at < 0) return;
  const auto i = static_cast<std::size_t>(at);
  INFO("value " << i << " of " << expected.size() << ": bound " << bound[i]);
  REQUIRE(found[i] == expected[i]);
}

/// How far a float result may lie from the exact one.
template <class AnyCase>
std::vector<double> error_bound(const AnyCase& call, const Results& exact, Guard guard) {
  std::vector<double> bound(exact.values.size());
  if constexpr (AnyCase::has_integers) {
    AnyCase absolute = call;
    absolute.make_absolute();
    const Results magnitudes = absolute.run(reference_table<double>(), guard);
    for (std::size_t i = 0; i < bound.size(); ++i)
      bound[i] = (4 + 2 * std::sqrt(double(call.terms()))) * 0x1p-24 * std::fabs(magnitudes.values[i]);
  } else {
    for (std::size_t i = 0; i < bound.size(); ++i) bound[i] = 2e-6 * (1 + std::fabs(exact.values[i]));
  }
  return bound;
}

template <class AnyCase>
void check_call(const AnyCase& call, Isa isa, Values kind, Guard guard) {
  const Results found = call.run(table(isa), guard);
  if constexpr (AnyCase::has_integers) {
    if (kind == Values::integers) {
      const Results exact = call.run(reference_table<std::int64_t>(), guard);
      require_equal(exact.values, found.values, "value");
      require_equal(exact.indices, found.indices, "index");
      return;
    }
  }
  // Special values are among integers, so all of this is exact; reals have the same bits wherever there is FMA.
  const Results plain = call.run(reference_table<float>(), guard);
  if (has_fma(isa) || (AnyCase::has_integers && kind == Values::special)) {
    require_equal(plain.values, found.values, "value");
    require_equal(plain.indices, found.indices, "index");
  }
  if (kind == Values::reals) {
    const Results exact = call.run(reference_table<double>(), guard);
    require_near(exact.values, found.values, error_bound(call, exact, guard));
  }
}

/// Runs a kernel's cases on one ISA, and counts them; `own` if this ISA has the kernel itself, not from the reference.
template <class AnyCase>
void check_kernel(const std::string& name, Isa isa, bool own) {
  const TileSizes tile{table(isa).tile_places, table(isa).channel_block};
  std::uint64_t exact = 0, real = 0;
  const auto check = [&](Values kind, std::uint64_t index, std::size_t axis, std::int64_t value) {
    for (Guard guard : {Guard::after, Guard::before}) {
      Draw draw(kind, index);
      draw.set_axis(axis, value);
      const AnyCase call(draw, tile);
      INFO(draw.to_string() << ", values " << static_cast<int>(kind) << ", axis " << axis << " = " << value
                            << ", guard " << (guard == Guard::after ? "after" : "before"));
      check_call(call, isa, kind, guard);
    }
    ++(kind == Values::reals ? real : exact);
  };
  constexpr std::size_t no_axis = 1000;
  for (std::uint64_t i = 0; i < scaled(exact_shapes); ++i)
    check(AnyCase::has_integers ? Values::integers : Values::reals, i, no_axis, 0);
  for (std::uint64_t i = 0; i < scaled(real_shapes); ++i) check(Values::reals, 10'000'000 + i, no_axis, 0);
  if constexpr (AnyCase::has_integers)
    for (std::uint64_t i = 0; i < scaled(real_shapes); ++i) check(Values::special, 20'000'000 + i, no_axis, 0);

  Draw draw(Values::integers, 0);
  const AnyCase any(draw, tile);
  for (std::size_t axis = 0; axis < draw.axes().size(); ++axis)
    for (std::int64_t value = 1; value <= draw.axes()[axis]; ++value)
      check(AnyCase::has_integers ? Values::integers : Values::reals, 30'000'000 + axis, axis, value);
  const std::string id = name + "/" + std::string(isa_name(isa));
  if (exact > 0) count_cases("1 exact integers, kernels", id, exact);
  count_cases("3 reals against float64, kernels", id, real);
  count_cases("4 guard pages at both ends, kernels", id, exact + real);
  if (own) count_cases("vector kernels of " + std::string(isa_name(isa)), name, exact + real);
}

#define KERNEL(name, Args)                                                                    \
  TEST_CASE("kernel " #name, "[kernels]") {                                                   \
    for (Isa isa : available_isas()) {                                                        \
      INFO("ISA " << isa_name(isa));                                                          \
      check_kernel<Case<Args>>(#name, isa, table(isa).name != reference_table<float>().name); \
    }                                                                                         \
  }
#include "kernels/kernels.inc"
#undef KERNEL

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

TEST_CASE("relu keeps NaN and infinity, and makes minus zero zero", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float in[] = {nan_value, infinity, -infinity, -0.f, 0.f, 1.5f, -1.5f, 1e-45f};
    float out[8];
    table(isa).relu({.in = in, .out = out, .count = 8});
    CHECK(std::isnan(out[0]));
    CHECK(out[1] == infinity);
    CHECK(out[2] == 0);
    CHECK(std::bit_cast<std::uint32_t>(out[3]) == 0);
    CHECK(out[5] == 1.5f);
    CHECK(out[6] == 0);
    CHECK(out[7] == 1e-45f);
  }
}

TEST_CASE("centered RMSprop stays finite where rounding takes v below the square of the mean", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float gradient = 3;
    float parameter = 1, v = 9, mean = std::nextafter(3.f, 4.f);
    table(isa).rmsprop_update({.parameter = &parameter,
                               .gradient = &gradient,
                               .v = &v,
                               .mean = &mean,
                               .m = nullptr,
                               .count = 1,
                               .rate = 0x1p-20f,
                               .decay = 0,
                               .rho = 1 - 0x1p-20f,
                               .momentum = 0,
                               .epsilon = 0x1p-20f});
    CHECK(parameter == 1 - 3 * 0x1p-10f);
  }
}

TEST_CASE("without decay an update leaves the bits of a parameter whose gradient is zero", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float gradient[] = {0, 0};
    float parameter[] = {infinity, -1.5f};
    table(isa).sgd_update({.parameter = parameter, .gradient = gradient, .count = 2, .rate = 0.5f, .decay = 0});
    CHECK(parameter[0] == infinity);
    CHECK(parameter[1] == -1.5f);
  }
}

TEST_CASE("max-pool: the first of equal ones, and NaN before all", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    // 1 x 4 windows of one channel
    const float in[] = {1,         3,         3,        2, /**/ 1, nan_value, infinity, nan_value, /**/ -infinity,
                        -infinity, -infinity, -infinity};
    float out[3];
    std::uint8_t index[3];
    table(isa).max_pool({.in = in,
                         .out = out,
                         .index = index,
                         .in_step = 4,
                         .in_row = 0,
                         .in_column = 1,
                         .out_step = 1,
                         .count = 3,
                         .channels = 1,
                         .window = {.rows = 1, .columns = 4, .first_row = 0, .first_column = 0, .window_columns = 4},
                         .wide_index = false});
    CHECK(out[0] == 3);
    CHECK(index[0] == 1);
    CHECK(std::isnan(out[1]));
    CHECK(index[1] == 1);
    CHECK(out[2] == -infinity);
    CHECK(index[2] == 0);
  }
}

TEST_CASE("average-pool does not stall: 2^25 ones have the mean one", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const float in[] = {1, 1, 1};
    float out[3];
    table(isa).average_pool({.in = in,
                             .out = out,
                             .in_step = 0,
                             .in_row = 0,  // every position is the same pixel
                             .in_column = 0,
                             .out_step = 0,
                             .count = 1,
                             .channels = 3,
                             .rows = 1 << 12,
                             .columns = 1 << 13,
                             .divisor = 0x1p25f});
    for (const float mean : out) CHECK(mean == 1);
  }
}

/// One input pixel, 1 x 1 kernel, two positions whose inputs are `first` and `second`.
struct PooledPair {
  float out;
  int index;
};
PooledPair conv_pooled_pair(Isa isa, float first, float second, Activation activation) {
  const auto& kernels = table(isa);
  const std::vector<float> weights(static_cast<std::size_t>(kernels.channel_block), 1.f);
  const float in[] = {first, second};
  const ConvTaps positions[] = {{.in_offset = 0, .weights_offset = 0, .rows = 1, .columns = 1},
                                {.in_offset = 1, .weights_offset = 0, .rows = 1, .columns = 1}};
  PooledPair result{};
  std::uint8_t index = 0;
  kernels.conv_tile({.in = in,
                     .weights = weights.data(),
                     .bias = nullptr,
                     .out = &result.out,
                     .index = &index,
                     .positions = positions,
                     .in_step = 2,
                     .in_row = 2,
                     .in_column = 1,
                     .weights_row = 0,
                     .weights_column = 0,
                     .out_step = 1,
                     .index_step = 1,
                     .count = 1,
                     .in_channels = 1,
                     .position_count = 2,
                     .out_channels = 1,
                     .accumulate = false,
                     .activation = activation});
  result.index = index;
  return result;
}

TEST_CASE("a fused max-pool marks dead outputs and lets NaN through", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    CHECK(conv_pooled_pair(isa, 1, 2, Activation::relu).index == 1);
    CHECK(conv_pooled_pair(isa, 2, 2, Activation::relu).index == 0);
    CHECK(conv_pooled_pair(isa, -1, -2, Activation::none).index == 0);
    CHECK(conv_pooled_pair(isa, -1, -2, Activation::none).out == -1);
    CHECK(conv_pooled_pair(isa, -1, -2, Activation::relu).index == dead_index_u8);
    CHECK(conv_pooled_pair(isa, -1, -2, Activation::relu).out == 0);
    CHECK(conv_pooled_pair(isa, 0, -0.f, Activation::relu).index == dead_index_u8);
    CHECK(std::isnan(conv_pooled_pair(isa, 3, nan_value, Activation::relu).out));
    CHECK(conv_pooled_pair(isa, 3, nan_value, Activation::none).index == 1);
    CHECK(conv_pooled_pair(isa, nan_value, nan_value, Activation::none).index == 0);
    CHECK(conv_pooled_pair(isa, 3, nan_value, Activation::relu).index == dead_index_u8);
  }
}

TEST_CASE("taps in the padding are skipped: infinite weights there make no NaN", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    const auto& kernels = table(isa);
    const auto block = static_cast<std::size_t>(kernels.channel_block);
    std::vector<float> weights(3 * block, infinity);
    std::fill(weights.begin() + static_cast<std::ptrdiff_t>(block),
              weights.begin() + static_cast<std::ptrdiff_t>(2 * block), 2.f);
    const float in[] = {5};
    const ConvTaps middle{.in_offset = 0, .weights_offset = kernels.channel_block, .rows = 1, .columns = 1};
    float out = 0;
    kernels.conv_tile({.in = in,
                       .weights = weights.data(),
                       .bias = nullptr,
                       .out = &out,
                       .index = nullptr,
                       .positions = &middle,
                       .in_step = 1,
                       .in_row = 1,
                       .in_column = 1,
                       .weights_row = 3 * kernels.channel_block,
                       .weights_column = kernels.channel_block,
                       .out_step = 1,
                       .index_step = 0,
                       .count = 1,
                       .in_channels = 1,
                       .position_count = 1,
                       .out_channels = 1,
                       .accumulate = false,
                       .activation = Activation::none});
    CHECK(out == 10);
  }
}

}  // namespace
}  // namespace tilewise::test
