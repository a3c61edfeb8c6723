#include <chrono>
#include <cmath>
#include <limits>

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

}  // namespace

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
