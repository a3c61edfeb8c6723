#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/select.hpp"
#include "kernels/transform_tile.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

// Every transform on every ISA that has it, by what its kernels make together of one tile: the convolution, and its
// gradients.
namespace tilewise::test {
namespace {

constexpr std::uint64_t exact_tiles = 300, real_tiles = 100;

/// The largest error of a transform, relative to what bounds each result: the norms of the factors, divided among
/// channels.
double bound_of(const TransformShape& shape) {
  return shape.near_direct ? 5e-7 : 5e-5;
}

/// The Euclidean norm of one of so many channels, on average.
double norm(const std::vector<double>& values, std::int64_t channels) {
  double square = 0;
  for (double x : values) square += x * x;
  return std::sqrt(square / double(channels));
}

void require_near(const std::vector<double>& exact, const std::vector<double>& found, Values kind, double bound,
                  const char* what) {
  INFO(what);
  REQUIRE(exact.size() == found.size());
  double error = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    REQUIRE(std::isfinite(found[i]));
    if (kind == Values::integers) REQUIRE(std::nearbyint(found[i]) == exact[i]);
    error = std::max(error, std::fabs(found[i] - exact[i]));
  }
  CHECK(error <= bound);
}

const KernelTable<float>* first_table_with(int transform) {
  for (Isa isa : available_isas())
    if (table(isa).transforms[transform].to_slices) return &table(isa);
  return nullptr;
}

void check_tile(int transform, Isa isa, Values kind, std::uint64_t index) {
  const TransformShape& shape = transform_shapes[transform];
  for (Guard guard : {Guard::after, Guard::before}) {
    Draw draw(kind, index);
    const TileCase tile(shape, draw);
    INFO(shape.name << ", ISA " << isa_name(isa) << ", " << draw.to_string());
    const TileResults found = TileRun(tile, table(isa), guard, draw).run(), exact = direct(tile);
    const double x = norm(tile.x, 1), dy = norm(tile.dy, 1), in = double(tile.in_channels);
    const double bound = bound_of(shape), out = double(tile.out_channels);
    require_near(exact.y, found.y, kind, bound * x * norm(tile.w, tile.out_channels), "output");
    require_near(exact.dx, found.dx, kind, bound * dy * norm(tile.w, tile.in_channels), "gradient of the input");
    require_near(exact.dw, found.dw, kind, bound * x * dy / std::sqrt(in * out), "gradient of the weights");
    const TileResults first = TileRun(tile, *first_table_with(transform), guard, draw).run();
    REQUIRE(found.y == first.y);
    REQUIRE(found.dx == first.dx);
    REQUIRE(found.dw == first.dw);
  }
}

TEST_CASE("a transform's kernels are the convolution of a tile and its gradients, the same bits on each ISA",
          "[kernels]") {
  for (Isa isa : available_isas())
    for (int transform = 0; transform < transform_count; ++transform) {
      if (!table(isa).transforms[transform].to_slices) continue;
      for (std::uint64_t i = 0; i < scaled(exact_tiles); ++i) check_tile(transform, isa, Values::integers, i);
      for (std::uint64_t i = 0; i < scaled(real_tiles); ++i) check_tile(transform, isa, Values::reals, 1'000'000 + i);
      const std::string id = std::string(transform_shapes[transform].name) + "/" + std::string(isa_name(isa));
      count_cases("1 exact integers, transforms", id, scaled(exact_tiles));
      count_cases("3 reals against float64, transforms", id, scaled(real_tiles));
    }
}

TEST_CASE("each group of a transform has as many products, real ones and two of each complex number", "[kernels]") {
  for (const TransformShape& shape : transform_shapes) {
    INFO(shape.name);
    CHECK(shape.groups * shape.group_products() == shape.slots * shape.slots);
    for (std::int32_t group = 0; group < shape.groups; ++group) {
      CHECK(shape.complex_numbers(group) >= 0);
      CHECK(shape.real_slices(group) >= 0);
      CHECK(shape.real_slices(group) + 3 * shape.complex_numbers(group) == shape.slices_of(group));
    }
  }
}

TEST_CASE("every ISA with FMA has every transform", "[kernels]") {
  for (Isa isa : available_isas())
    for (const TransformKernels<float>& kernels : table(isa).transforms) {
      INFO("ISA " << isa_name(isa));
      const bool expected = isa != Isa::sse2 && isa != Isa::reference;
      CHECK((kernels.to_half != nullptr) == expected);
      CHECK((kernels.to_slices != nullptr) == expected);
      CHECK((kernels.from_slices != nullptr) == expected);
      CHECK((kernels.from_half != nullptr) == expected);
      CHECK((kernels.weight_slices != nullptr) == expected);
      CHECK((kernels.weight_half != nullptr) == expected);
      CHECK((kernels.weight_taps != nullptr) == expected);
    }
}

}  // namespace
}  // namespace tilewise::test
