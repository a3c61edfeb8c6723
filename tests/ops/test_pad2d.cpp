#include "base/random.hpp"
#include "ops/pad2d.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

namespace {

struct PadCase {
  std::int64_t height, width, channels, batch;
  ops::Sides sides;

  explicit PadCase(std::uint64_t number) {
    const base::Random random(number, base::Stream::test, 13);
    std::uint64_t position = 0;
    const auto pick = [&](std::uint64_t high) { return static_cast<std::int64_t>(random.below(high + 1, position++)); };
    height = 1 + pick(5), width = 1 + pick(5), channels = 1 + pick(6), batch = 1 + pick(4);
    sides = {pick(3), pick(3), pick(3), pick(3)};
  }
  TensorSpec inner() const { return {{height, width, channels}}; }
  TensorSpec outer() const { return {{height + sides.top + sides.bottom, width + sides.left + sides.right, channels}}; }
};

}  // namespace

TEST_CASE("pad2d puts zeros round an image and crop2d takes them away, on every ISA", "[ops]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const PadCase c(seed);
    const Values x = integers(c.inner(), c.batch, 9, seed), padded = integers(c.outer(), c.batch, 9, seed + 1);
    Values expected(padded.size(), 0.0), cropped;
    const std::int64_t rows = c.outer().shape[0], columns = c.outer().shape[1];
    for (std::int64_t i = 0; i < c.batch * c.height * c.width * c.channels; ++i) {
      const std::int64_t k = i % c.channels, column = i / c.channels % c.width,
                         row = i / c.channels / c.width % c.height, n = i / c.channels / c.width / c.height;
      const auto place =
          static_cast<std::size_t>(((n * rows + row + c.sides.top) * columns + column + c.sides.left) * c.channels + k);
      expected[place] = x[static_cast<std::size_t>(i)];
      cropped.push_back(padded[place]);
    }
    for (const ops::Kernels& kernels : all_float_kernels())
      for (int threads : {1, 3}) {
        INFO("seed " << seed);
        const RunSettings settings{kernels, c.batch, threads};
        REQUIRE(run_op(std::make_shared<ops::Pad2D>(c.sides), {c.inner()}, {x}, settings)[0] == expected);
        REQUIRE(run_op(std::make_shared<ops::Crop2D>(c.sides), {c.outer()}, {padded}, settings)[0] == cropped);
        REQUIRE(dot(expected, padded) == dot(x, cropped));
      }
  }
}

TEST_CASE("pad2d's gradients are its derivatives", "[ops]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const PadCase c(seed);
    CHECK(gradient_error(std::make_shared<ops::Pad2D>(c.sides), {c.inner()}, {reals(c.inner(), c.batch, seed)}, {0},
                         c.batch, seed) < 1e-6);
  }
}

TEST_CASE("pad2d and crop2d refuse what does not fit", "[ops]") {
  CHECK_THROWS_AS(ops::Pad2D({-1, 0, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({1, 0, 0, 0}).infer({{{4, 4}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({INT64_MAX, 0, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({INT64_MAX - 8, 0, INT64_MAX - 8, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Crop2D({3, 2, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Crop2D({INT64_MAX, INT64_MAX, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
}
