#include <algorithm>
#include <numeric>

#include "ops/op_cases.hpp"
#include "ops/pool2d.hpp"
#include "ops/window_cases.hpp"

namespace tilewise::test {

namespace {

using ops::Element;
using ops::TensorSpec;

/// Any window that sees the image wherever it stands; in one of four cases the whole image, as global pools have it.
struct PoolCase {
  ops::Window2D window;
  std::int64_t height, width, channels, batch;

  explicit PoolCase(Pick& pick) : channels(pick.channels(37)), batch(pick.size(4)) {
    const bool is_global = pick(0, 3) == 0;
    window = {{pick.size(4), pick.size(4)}, {pick.size(4), pick.size(4)}};
    height = window.size.height - 1 + pick.size(8);
    width = window.size.width - 1 + pick.places(8);
    if (is_global) {
      window.size = window.stride = {height, width};
      return;
    }
    window.padding = {pick(0, window.size.height - 1), pick(0, window.size.height - 1), pick(0, window.size.width - 1),
                      pick(0, window.size.width - 1)};
  }
  TensorSpec image() const { return {{height, width, channels}}; }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, channels}}; }
  TensorSpec index() const {
    return of_element(result(),
                      window.size.height * window.size.width > kernels::max_u8_positions ? Element::u32 : Element::u8);
  }
  Values zeros(const TensorSpec& spec) const {
    return Values(static_cast<std::size_t>(element_count(spec, batch)), 0.0);
  }
  /// f(output element, position in the window, input element) for all that a window covers, in row order.
  template <class F>
  void for_windows(F f) const {
    for_places(window, out(), {height, width}, batch, [&](std::int64_t to, std::int64_t position, std::int64_t from) {
      for (std::int64_t k = 0; k < channels; ++k)
        f(static_cast<std::size_t>(to * channels + k), position, static_cast<std::size_t>(from * channels + k));
    });
  }
};

OpCase draw_max_pool2d(Pick& pick) {
  const PoolCase c(pick);
  const auto definition = [c](const Inputs& in) {
    Values largest = c.zeros(c.result()), index = c.zeros(c.result());
    std::fill(largest.begin(), largest.end(), -1e30);
    c.for_windows([&](std::size_t output, std::int64_t position, std::size_t input) {
      if (in[0][input] <= largest[output]) return;
      largest[output] = in[0][input];
      index[output] = static_cast<double>(position);
    });
    return Inputs{largest, index};
  };
  return {std::make_shared<ops::MaxPool2D>(c.window),
          {c.image()},
          {pick.values(c.image(), c.batch)},
          c.batch,
          definition,
          {},
          {0}};
}

OpCase draw_max_pool2d_backward(Pick& pick) {
  const PoolCase c(pick);
  Values index(c.zeros(c.result()).size(), -1);
  // Any position that lies on the image; now and then none, as of outputs that a ReLU zeroed.
  c.for_windows([&](std::size_t output, std::int64_t position, std::size_t) {
    if (index[output] < 0 || pick(0, 2) == 0) index[output] = static_cast<double>(position);
  });
  if (c.index().element == Element::u8)
    for (double& position : index)
      if (pick(0, 4) == 0) position = kernels::dead_index_u8;
  const auto definition = [c](const Inputs& in) {
    Values gradient = c.zeros(c.image());
    c.for_windows([&](std::size_t output, std::int64_t position, std::size_t input) {
      if (in[1][output] == static_cast<double>(position)) gradient[input] += in[0][output];
    });
    return Inputs{gradient};
  };
  OpCase made{std::make_shared<ops::MaxPool2DBackward>(c.window, c.image().shape),
              {c.result(), c.index()},
              {pick.values(c.result(), c.batch), index},
              c.batch,
              definition};
  made.terms = 16;
  return made;
}

/// An average, and for each output what it is divided by.
struct Averaged {
  PoolCase pool;
  ops::Sides counted;

  explicit Averaged(Pick& pick) : pool(pick) {
    const std::int64_t which = pick(0, 2);
    if (which == 1) counted = pool.window.padding;
    if (which == 2) counted = {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)};
  }
  Values divisors() const {
    const ops::Window2D& window = pool.window;
    Values places;
    for (std::int64_t n = 0; n < pool.batch; ++n)
      for (std::int64_t p = 0; p < pool.out().height; ++p)
        for (std::int64_t q = 0; q < pool.out().width; ++q)
          places.insert(places.end(), static_cast<std::size_t>(pool.channels),
                        static_cast<double>(overlap(p * window.stride.height - window.padding.top, window.size.height,
                                                    counted.top, pool.height + counted.bottom) *
                                            overlap(q * window.stride.width - window.padding.left, window.size.width,
                                                    counted.left, pool.width + counted.right)));
    return places;
  }
  /// If whole, multiples of all that they may be divided by.
  Values dividable(Pick& pick, const TensorSpec& spec) const {
    Values values = pick.values(spec, pool.batch);
    if (!pick.whole()) return values;
    const double common = multiple();
    for (double& value : values) value *= common;
    return values;
  }
  double multiple() const {
    std::int64_t common = 1;
    for (const double divisor : divisors()) common = std::lcm(common, static_cast<std::int64_t>(divisor));
    return static_cast<double>(common);
  }

 private:
  static std::int64_t overlap(std::int64_t begin, std::int64_t size, std::int64_t before, std::int64_t end) {
    return std::min(begin + size, end) - std::max(begin, -before);
  }
};

OpCase draw_average_pool2d(Pick& pick) {
  const Averaged c(pick);
  const auto definition = [c, divisors = c.divisors()](const Inputs& in) {
    Values mean = c.pool.zeros(c.pool.result());
    c.pool.for_windows(
        [&](std::size_t output, std::int64_t, std::size_t input) { mean[output] += in[0][input] / divisors[output]; });
    return Inputs{mean};
  };
  OpCase made{std::make_shared<ops::AveragePool2D>(c.pool.window, c.counted),
              {c.pool.image()},
              {c.dividable(pick, c.pool.image())},
              c.pool.batch,
              definition,
              {0},
              {0}};
  made.terms = c.pool.window.size.height * c.pool.window.size.width;
  made.multiple = c.multiple();
  return made;
}

OpCase draw_average_pool2d_backward(Pick& pick) {
  const Averaged c(pick);
  const auto definition = [c, divisors = c.divisors()](const Inputs& in) {
    Values gradient = c.pool.zeros(c.pool.image());
    c.pool.for_windows([&](std::size_t output, std::int64_t, std::size_t input) {
      gradient[input] += in[0][output] / divisors[output];
    });
    return Inputs{gradient};
  };
  OpCase made{std::make_shared<ops::AveragePool2DBackward>(c.pool.window, c.pool.image().shape, c.counted),
              {c.pool.result()},
              {c.dividable(pick, c.pool.result())},
              c.pool.batch,
              definition};
  made.terms = 16;
  return made;
}

}  // namespace

std::vector<DrawnOp> pooling_ops() {
  return {{"max_pool2d", draw_max_pool2d},
          {"max_pool2d_backward", draw_max_pool2d_backward},
          {"average_pool2d", draw_average_pool2d},
          {"average_pool2d_backward", draw_average_pool2d_backward}};
}

}  // namespace tilewise::test
