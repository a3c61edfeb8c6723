#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "base/random.hpp"
#include "ops/pool2d.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

namespace {

struct PoolCase {
  ops::Window2D window;
  std::int64_t height, width, channels, batch;

  TensorSpec image() const { return {{height, width, channels}}; }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, channels}}; }
};

PoolCase random_case(std::uint64_t number) {
  const base::Random random(number, base::Stream::test, 8);
  std::uint64_t position = 0;
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1), position++));
  };
  PoolCase made{{{pick(1, 4), pick(1, 4)}, {pick(1, 4), pick(1, 4)}}, 0, 0, pick(1, 37), pick(1, 4)};
  made.window.padding = {pick(0, made.window.size.height - 1), pick(0, made.window.size.height - 1),
                         pick(0, made.window.size.width - 1), pick(0, made.window.size.width - 1)};
  made.height = pick(made.window.size.height, 11);
  made.width = pick(made.window.size.width, 11);
  return made;
}

/// Calls f(output element, position in the window, input element) for everything that a window covers, in row order.
template <class F>
void for_windows(const PoolCase& c, F f) {
  const ops::Extent2D out = c.out();
  std::size_t output = 0;
  for (std::int64_t n = 0; n < c.batch; ++n)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q)
        for (std::int64_t k = 0; k < c.channels; ++k, ++output)
          for (std::int64_t position = 0; position < c.window.size.height * c.window.size.width; ++position) {
            const std::int64_t i = p * c.window.stride.height + position / c.window.size.width - c.window.padding.top;
            const std::int64_t j = q * c.window.stride.width + position % c.window.size.width - c.window.padding.left;
            if (i >= 0 && i < c.height && j >= 0 && j < c.width)
              f(output, position, static_cast<std::size_t>(((n * c.height + i) * c.width + j) * c.channels + k));
          }
}

std::size_t result_elements(const PoolCase& c) {
  return static_cast<std::size_t>(element_count(c.result(), c.batch));
}

/// Padding that an average counts: none, all of the window's, or other sides.
ops::Sides counted_padding(const PoolCase& c, std::uint64_t seed) {
  if (seed % 3 == 0) return {};
  if (seed % 3 == 1) return c.window.padding;
  const base::Random random(seed, base::Stream::test, 9);
  const auto side = [&](std::uint64_t position) { return static_cast<std::int64_t>(random.below(4, position)); };
  return {side(0), side(1), side(2), side(3)};
}

/// For each output, how many places of its window lie on the image or on counted padding.
Values counted_places(const PoolCase& c, const ops::Sides& counted) {
  const ops::Window2D& window = c.window;
  Values places;
  for (std::int64_t n = 0; n < c.batch; ++n)
    for (std::int64_t p = 0; p < c.out().height; ++p)
      for (std::int64_t q = 0; q < c.out().width; ++q) {
        double count = 0;
        for (std::int64_t i = p * window.stride.height - window.padding.top, r = 0; r < window.size.height; ++r, ++i)
          for (std::int64_t j = q * window.stride.width - window.padding.left, s = 0; s < window.size.width; ++s, ++j)
            count +=
                i >= -counted.top && i < c.height + counted.bottom && j >= -counted.left && j < c.width + counted.right;
        places.insert(places.end(), static_cast<std::size_t>(c.channels), count);
      }
  return places;
}

}  // namespace

TEST_CASE("max_pool2d, its index and its gradient equal their definition on integers, on every ISA", "[ops]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const PoolCase c = random_case(seed);
    const Values x = integers(c.image(), c.batch, 5, seed), dy = integers(c.result(), c.batch, 5, seed + 1);
    Values expected(result_elements(c), -1e30), index(result_elements(c)), gradient(x.size(), 0.0);
    std::vector<std::size_t> winner(result_elements(c));
    for_windows(c, [&](std::size_t output, std::int64_t position, std::size_t input) {
      if (x[input] <= expected[output]) return;
      expected[output] = x[input];
      index[output] = static_cast<double>(position);
      winner[output] = input;
    });
    for (std::size_t output = 0; output < winner.size(); ++output) gradient[winner[output]] += dy[output];
    for (const ops::Kernels& kernels : all_float_kernels())
      for (int threads : {1, 3}) {
        INFO("seed " << seed << ", isa " << kernels.isa() << ", threads " << threads);
        const RunSettings settings{kernels, c.batch, threads};
        const auto results = run_op(std::make_shared<ops::MaxPool2D>(c.window), {c.image()}, {x}, settings);
        REQUIRE(results[0] == expected);
        REQUIRE(results[1] == index);
        TensorSpec index_spec = c.result();
        index_spec.element = ops::Element::u8;
        REQUIRE(run_op(std::make_shared<ops::MaxPool2DBackward>(c.window, c.image().shape), {c.result(), index_spec},
                       {dy, index}, settings)[0] == gradient);
      }
  }
}

TEST_CASE("max_pool2d keeps its index in 32 bits for huge windows", "[ops]") {
  const PoolCase c{{{20, 20}, {20, 20}}, 20, 40, 3, 2};
  Values x(static_cast<std::size_t>(element_count(c.image(), c.batch)), 0.0);
  for (std::size_t k = 0; k < 3; ++k) x[((19 * 40) + 19) * 3 + k] = 1;  // the last position of the first window
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto results = run_op(std::make_shared<ops::MaxPool2D>(c.window), {c.image()}, {x}, {kernels, c.batch});
    CHECK(results[0][0] == 1);
    CHECK(results[1][0] == 399);
    CHECK(results[1][3] == 0);
  }
}

TEST_CASE("average_pool2d and its gradient equal their definition on integers, whatever padding counts", "[ops]") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const PoolCase c = random_case(seed);
    const ops::Sides counted = counted_padding(c, seed);
    const Values divisors = counted_places(c, counted);
    // Multiples of all products of two numbers up to 4 divide without a remainder.
    Values x = integers(c.image(), c.batch, 20, seed), dy = integers(c.result(), c.batch, 20, seed + 1);
    for (Values* values : {&x, &dy})
      for (double& value : *values) value *= 144;
    Values expected(result_elements(c), 0.0), gradient(x.size(), 0.0);
    for_windows(c, [&](std::size_t output, std::int64_t, std::size_t input) {
      expected[output] += x[input] / divisors[output];
      gradient[input] += dy[output] / divisors[output];
    });
    for (const ops::Kernels& kernels : all_float_kernels())
      for (int threads : {1, 3}) {
        INFO("seed " << seed << ", isa " << kernels.isa() << ", threads " << threads);
        const RunSettings settings{kernels, c.batch, threads};
        const auto y = run_op(std::make_shared<ops::AveragePool2D>(c.window, counted), {c.image()}, {x}, settings)[0];
        const auto dx = run_op(std::make_shared<ops::AveragePool2DBackward>(c.window, c.image().shape, counted),
                               {c.result()}, {dy}, settings)[0];
        REQUIRE(y == expected);
        REQUIRE(dx == gradient);
        REQUIRE(dot(y, dy) == dot(x, dx));
      }
  }
}

TEST_CASE("pooling gradients are derivatives", "[ops]") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const PoolCase c = random_case(seed + 300);
    const Values x = reals(c.image(), c.batch, seed);
    CHECK(gradient_error(std::make_shared<ops::MaxPool2D>(c.window), {c.image()}, {x}, {0}, c.batch, seed) < 1e-6);
    CHECK(gradient_error(std::make_shared<ops::AveragePool2D>(c.window, counted_padding(c, seed)), {c.image()}, {x},
                         {0}, c.batch, seed) < 1e-6);
  }
}

TEST_CASE("pooling refuses windows that may see padding only", "[ops]") {
  const ops::Window2D window{{2, 2}, {2, 2}, {1, 1}, {2, 0, 0, 0}};
  CHECK_THROWS_AS(ops::MaxPool2D(window).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::AveragePool2D(window).infer({{{4, 4, 1}}}), ShapeError);
  // Dilated: reach covers the image, but no tap does.
  const ops::Window2D dilated{{2, 1}, {1, 1}, {3, 1}, {2, 1, 0, 0}};
  CHECK_THROWS_AS(ops::AveragePool2D(dilated).infer({{{1, 1, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::MaxPool2D(ops::Window2D{{5, 5}}).infer({{{4, 4, 1}}}), ShapeError);
  // The first such window is enough: a file with huge padding is not walked through.
  const std::int64_t huge = 0x7FFFFFFF;
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(ops::MaxPool2D(ops::Window2D{{1, 1}, {1, 1}, {1, 1}, {huge, huge, huge, huge}}).infer({{{4, 4, 1}}}),
                  ShapeError);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

TEST_CASE("average_pool2d refuses counted padding that cannot be", "[ops]") {
  const ops::Window2D window{{2, 2}};
  CHECK_THROWS_WITH(ops::AveragePool2D(window, {0, 0, -1, 0}).infer({{{4, 4, 1}}}),
                    "average_pool2d: counted padding of -1; expected 0 to 2147483647");
  CHECK_THROWS_AS(ops::AveragePool2D(window, {0, INT64_MAX, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
}

TEST_CASE("NaN passes through a max-pool from every place, and the index says from which", "[ops]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const PoolCase c{{{2, 2}, {2, 2}}, 2, 2, 33, 1};
  for (const ops::Kernels& kernels : all_float_kernels())
    for (std::size_t place = 0; place < 4; ++place) {
      Values x(4 * 33, 1.0);
      for (std::size_t k = 0; k < 33; ++k) x[place * 33 + k] = nan;
      const auto results = run_op(std::make_shared<ops::MaxPool2D>(c.window), {c.image()}, {x}, {kernels, 1});
      for (std::size_t k = 0; k < 33; ++k) {
        CHECK(std::isnan(results[0][k]));
        CHECK(results[1][k] == static_cast<double>(place));
      }
    }
}
