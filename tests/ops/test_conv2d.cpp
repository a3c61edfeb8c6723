#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "base/random.hpp"
#include "ops/conv2d.hpp"
#include "ops/transpose_weights.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

struct ConvCase {
  ops::Window2D window;
  std::int64_t height, width, in_channels, out_channels, batch, groups = 1;

  TensorSpec packed(const Shape& shape) const { return {shape, Storage::packed, ops::Element::scalar, groups}; }
  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const {
    return packed({window.size.height, window.size.width, in_channels / groups, out_channels});
  }
  TensorSpec transposed() const {
    return packed({window.size.height, window.size.width, out_channels / groups, in_channels});
  }
  TensorSpec bias() const { return packed({out_channels}); }
  ops::Conv2DAttributes attributes(kernels::Activation activation = kernels::Activation::none,
                                   std::optional<ops::Window2D> pool = {}) const {
    return {window, activation, pool, groups};
  }
  std::shared_ptr<const ops::Op> backward() const {
    return std::make_shared<ops::Conv2DBackward>(window, kernel().shape, groups);
  }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
};

/// Whether the kernel lies within the padded image.
bool fits(const ConvCase& c) {
  const auto fits_axis = [](std::int64_t in, std::int64_t size, std::int64_t dilation, std::int64_t pads) {
    return (size - 1) * dilation + 1 <= in + pads;
  };
  const ops::Window2D& w = c.window;
  return fits_axis(c.height, w.size.height, w.dilation.height, w.padding.top + w.padding.bottom) &&
         fits_axis(c.width, w.size.width, w.dilation.width, w.padding.left + w.padding.right);
}

/// "avx2", "reference float64".
std::string isa_id(const ops::Kernels& kernels) {
  return std::string(kernels.isa()) + (kernels.scalar() == ops::Scalar::f64 ? " float64" : "");
}

/// Shapes of every kind: any kernel 1-7, stride 1-3, dilation 1-3, four different paddings, kernels beyond the image,
/// and in one of three groups: 2-4 of any channels, or 2-20 of 1, 2 or 4.
ConvCase random_case(std::uint64_t number) {
  const base::Random random(number, base::Stream::test, 7);
  std::uint64_t position = 0;
  const auto pick = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1), position++));
  };
  for (;;) {
    ConvCase made{{{pick(1, 7), pick(1, 7)},
                   {pick(1, 3), pick(1, 3)},
                   {pick(1, 3), pick(1, 3)},
                   {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)}},
                  pick(1, 10),
                  pick(1, 10),
                  pick(1, 9),
                  pick(1, 40),
                  pick(1, 5),
                  number % 3 == 2 ? pick(2, 4) : 1};
    if (number % 6 == 5) {
      made.groups = pick(2, 20);
      made.in_channels = made.out_channels = 1 << pick(0, 2);
    }
    made.in_channels *= made.groups;
    made.out_channels *= made.groups;
    if (fits(made)) return made;
  }
}

/// The definition, written out.
Values plain_conv2d(const ConvCase& c, const Values& x, const Values& w, const Values& b) {
  const ops::Extent2D out = c.out();
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  Values y;
  for (std::int64_t n = 0; n < c.batch; ++n)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q)
        for (std::int64_t o = 0; o < c.out_channels; ++o) {
          double sum = b.empty() ? 0 : b[static_cast<std::size_t>(o)];
          for (std::int64_t r = 0; r < c.window.size.height; ++r)
            for (std::int64_t s = 0; s < c.window.size.width; ++s) {
              const std::int64_t i = p * c.window.stride.height + r * c.window.dilation.height - c.window.padding.top;
              const std::int64_t j = q * c.window.stride.width + s * c.window.dilation.width - c.window.padding.left;
              if (i < 0 || i >= c.height || j < 0 || j >= c.width) continue;
              for (std::int64_t k = 0; k < group_in; ++k)
                sum += x[static_cast<std::size_t>(((n * c.height + i) * c.width + j) * c.in_channels +
                                                  o / group_out * group_in + k)] *
                       w[static_cast<std::size_t>(((r * c.window.size.width + s) * group_in + k) * c.out_channels + o)];
            }
          y.push_back(sum);
        }
  return y;
}

/// One axis of an ordinary case after the other through all values that a tile's tails can take.
std::vector<ConvCase> tail_cases() {
  std::int64_t block = 0, places = 0;
  for (const ops::Kernels& kernels : all_float_kernels())
    kernels.visit([&](const auto& table) {
      block = std::max<std::int64_t>(block, table.channel_block);
      places = std::max<std::int64_t>(places, table.tile_places);
    });
  const ConvCase ordinary{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 5, 6, 3, 4, 2};
  std::vector<ConvCase> cases;
  const auto add = [&](auto change) {
    cases.push_back(ordinary);
    change(cases.back());
  };
  for (std::int64_t n = 1; n <= 2 * block + 1; ++n) {
    add([n](ConvCase& c) { c.in_channels = n; });
    add([n](ConvCase& c) { c.out_channels = n; });
    add([n](ConvCase& c) { c.groups = 2, c.in_channels = 4, c.out_channels = 2 * n; });
    for (const std::int64_t group : {1, 2, 4})
      if (n > 1) add([=](ConvCase& c) { c.groups = n, c.in_channels = c.out_channels = group * n; });
  }
  for (std::int64_t n = 1; n <= 2 * places + 1; ++n) {
    add([n](ConvCase& c) { c.width = n; });
    add([n](ConvCase& c) { c.width = n, c.batch = 1; });
    add([n](ConvCase& c) { c.batch = n; });
  }
  for (std::int64_t n = 1; n <= 7; ++n) add([n](ConvCase& c) { c.window.size = {n, 8 - n}; });
  for (std::int64_t n = 1; n <= 3; ++n) {
    add([n](ConvCase& c) { c.window.stride = {n, 4 - n}; });
    add([n](ConvCase& c) { c.window.dilation = {n, 1}; });
    add([n](ConvCase& c) { c.window.dilation = {1, n}; });
    add([n](ConvCase& c) { c.window.padding = {n, 3 - n, n - 1, 4 - n}; });
  }
  std::erase_if(cases, [](const ConvCase& c) { return !fits(c); });
  return cases;
}

/// Random shapes, then every tail.
template <class F>
void for_cases(std::uint64_t random_shapes, F f) {
  for (std::uint64_t seed = 0; seed < scaled(random_shapes); ++seed) f(random_case(seed), seed);
  std::uint64_t seed = 1'000'000;
  for (const ConvCase& c : tail_cases()) f(c, seed++);
}

constexpr std::uint64_t random_shapes = 2000;

}  // namespace

TEST_CASE("conv2d forward equals its definition on integers, on every ISA", "[ops]") {
  for_cases(random_shapes, [](const ConvCase& c, std::uint64_t seed) {
    const Values x = integers(c.image(), c.batch, 4, seed), w = integers(c.kernel(), 1, 4, seed + 1),
                 b = integers(c.bias(), 1, 9, seed + 2);
    const bool has_bias = seed % 3 != 0, relu = seed % 2 == 0;
    Values expected = plain_conv2d(c, x, w, has_bias ? b : Values{});
    if (relu)
      for (double& value : expected) value = std::max(value, 0.0);
    const auto op =
        std::make_shared<ops::Conv2D>(c.attributes(relu ? kernels::Activation::relu : kernels::Activation::none));
    for (const ops::Kernels& kernels : all_float_kernels()) {
      const int threads = static_cast<int>(seed % 4 + 1);
      INFO("seed " << seed << ", isa " << kernels.isa() << ", threads " << threads);
      REQUIRE(run_op(op, {c.image(), c.kernel(), has_bias ? c.bias() : TensorSpec{}}, {x, w, b},
                     {kernels, c.batch, threads})[0] == expected);
      count_cases("1 exact integers, ops", "conv2d/" + isa_id(kernels), 1);
    }
  });
}

TEST_CASE("conv2d's passes are adjoint, in integers, on every ISA", "[ops]") {
  for_cases(random_shapes, [](const ConvCase& c, std::uint64_t seed) {
    const Values x = integers(c.image(), c.batch, 3, seed), w = integers(c.kernel(), 1, 3, seed + 1);
    const Values dy = integers(c.result(), c.batch, 3, seed + 2);
    const double expected = dot(plain_conv2d(c, x, w, {}), dy);
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      const RunSettings settings{kernels, c.batch, static_cast<int>(seed % 3 + 1)};
      const Values transposed = run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
      const auto gradients =
          run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {dy, x, transposed}, settings);
      REQUIRE(dot(x, gradients[0]) == expected);
      REQUIRE(dot(w, gradients[1]) == expected);
      REQUIRE(dot(Values(gradients[2].size(), 1.0), gradients[2]) == dot(Values(dy.size(), 1.0), dy));
      count_cases("2 adjoint identities in integers", "conv2d/" + isa_id(kernels), 1);
    }
  });
}

TEST_CASE("a pooled conv2d equals conv2d, ReLU and max-pool one after the other", "[ops]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    ConvCase c = random_case(seed);
    const ops::Window2D pool{{1 + static_cast<std::int64_t>(seed % 2), 2},
                             {2, 2 + static_cast<std::int64_t>(seed % 2)}};
    if (c.out().height < 2 || c.out().width < 2) continue;
    const Values x = integers(c.image(), c.batch, 4, seed), w = integers(c.kernel(), 1, 4, seed + 1),
                 b = integers(c.bias(), 1, 9, seed + 2);
    const Values map = plain_conv2d(c, x, w, b);
    const ops::Extent2D out = c.out(), pooled = pool.out(out);
    Values expected, index;
    for (std::int64_t n = 0; n < c.batch; ++n)
      for (std::int64_t p = 0; p < pooled.height; ++p)
        for (std::int64_t q = 0; q < pooled.width; ++q)
          for (std::int64_t o = 0; o < c.out_channels; ++o) {
            double best = -1e30;
            int at = 0;
            for (int position = 0; position < pool.size.height * pool.size.width; ++position) {
              const std::int64_t i = p * pool.stride.height + position / pool.size.width,
                                 j = q * pool.stride.width + position % pool.size.width;
              const double value =
                  map[static_cast<std::size_t>(((n * out.height + i) * out.width + j) * c.out_channels + o)];
              if (value > best) best = value, at = position;
            }
            expected.push_back(std::max(best, 0.0));
            index.push_back(best > 0 ? at : kernels::dead_index_u8);
          }
    const auto op = std::make_shared<ops::Conv2D>(c.attributes(kernels::Activation::relu, pool));
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      const auto results = run_op(op, {c.image(), c.kernel(), c.bias()}, {x, w, b}, {kernels, c.batch, 2});
      REQUIRE(results[0] == expected);
      REQUIRE(results[1] == index);
    }
  }
}

TEST_CASE("conv2d's gradients are its derivatives", "[ops]") {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < scaled(50); ++seed) {
    ConvCase c = random_case(seed + 5'000'000);
    c.out_channels = c.groups * std::min<std::int64_t>(c.out_channels / c.groups, 5);
    worst = std::max(
        worst,
        gradient_error(std::make_shared<ops::Conv2D>(c.attributes()), {c.image(), c.kernel(), c.bias()},
                       {reals(c.image(), c.batch, seed), reals(c.kernel(), 1, seed + 1), reals(c.bias(), 1, seed + 2)},
                       {0, 1, 2}, c.batch, seed));
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("conv2d's passes give the same bits for any number of threads and on every ISA with FMA", "[ops]") {
  // Few input channels, few outputs, few of both in a group, and neither.
  for (const ConvCase& c : {ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 30, 17, 1, 33, 3},
                            ConvCase{{{5, 3}, {2, 1}, {1, 1}, {2, 1, 0, 1}}, 9, 21, 3, 70, 9},
                            ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 11, 13, 37, 3, 5},
                            ConvCase{{{3, 2}, {1, 2}}, 9, 13, 40, 4, 2, 2},
                            ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 9, 13, 38, 38, 3, 19},
                            ConvCase{{{3, 2}, {2, 1}, {2, 1}, {1, 1, 1, 1}}, 9, 11, 76, 76, 5, 19},
                            ConvCase{{{3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}}, 9, 7, 12, 20, 4}}) {
    const Values dy = reals(c.result(), c.batch, 1), x = reals(c.image(), c.batch, 2), w = reals(c.kernel(), 1, 3),
                 b = reals(c.bias(), 1, 4);
    std::vector<Values> first;
    for (const ops::Kernels& kernels : all_float_kernels()) {
      if (kernels.scalar() != ops::Scalar::f32 || kernels.isa() == "sse2") continue;
      for (const int threads : {1, 2, 3, 7}) {
        INFO("isa " << kernels.isa() << ", threads " << threads);
        const RunSettings settings{kernels, c.batch, threads};
        const Values transposed = run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
        auto found = run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {dy, x, transposed}, settings);
        found.push_back(run_op(std::make_shared<ops::Conv2D>(c.attributes()), {c.image(), c.kernel(), c.bias()},
                               {x, w, b}, settings)[0]);
        if (first.empty()) first = found;
        REQUIRE(found == first);
      }
    }
  }
}

TEST_CASE("an empty batch gives zero gradients", "[ops]") {
  const ConvCase c{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 5, 5, 2, 3, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto gradients =
        run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {{}, {}, Values(54, 1.0)}, {kernels, 0});
    CHECK(gradients[1] == Values(54, 0.0));
    CHECK(gradients[2] == Values(3, 0.0));
  }
}

TEST_CASE("conv2d takes strides far beyond the image", "[ops]") {
  const ConvCase c{{{3, 3}, {0x7FFFFFFF, 0x7FFFFFFF}, {1, 1}, {1, 1, 1, 1}}, 5, 5, 2, 3, 2};
  const Values x = integers(c.image(), c.batch, 3, 1), w = integers(c.kernel(), 1, 3, 2),
               dy = integers(c.result(), c.batch, 3, 3);
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const RunSettings settings{kernels, c.batch};
    const Values y =
        run_op(std::make_shared<ops::Conv2D>(c.attributes()), {c.image(), c.kernel(), {}}, {x, w, {}}, settings)[0];
    CHECK(y == plain_conv2d(c, x, w, {}));
    const Values transposed = run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
    const auto gradients = run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {dy, x, transposed}, settings);
    CHECK(dot(x, gradients[0]) == dot(y, dy));
    CHECK(dot(w, gradients[1]) == dot(y, dy));
  }
}

TEST_CASE("conv2d refuses what does not fit", "[ops]") {
  const auto infer = [](const ops::Window2D& window, const Shape& image, const Shape& kernel) {
    return ops::Conv2D({window}).infer({{image}, {kernel, Storage::packed}, {}});
  };
  CHECK_THROWS_AS(infer({{3, 3}}, {2, 2, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}}, {5, 5, 2}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}, {0, 1}}, {5, 5, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}, {1, 1}, {1, 1}, {-1, 0, 0, 0}}, {5, 5, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK(infer({{3, 3}}, {3, 3, 1}, {3, 3, 1, 7})[0].shape == Shape{1, 1, 7});
  const auto infer_groups = [](std::int64_t groups, std::int64_t in_channels, const TensorSpec& kernel) {
    return ops::Conv2D({.window = {{1, 1}}, .groups = groups}).infer({{{2, 2, in_channels}}, kernel, {}});
  };
  const TensorSpec of_two{{1, 1, 3, 4}, Storage::packed, ops::Element::scalar, 2};
  CHECK(infer_groups(2, 6, of_two)[0].shape == Shape{2, 2, 4});
  CHECK_THROWS_WITH(infer_groups(4, 6, of_two), contains("4 groups of 6 input and 4 output channels"));
  CHECK_THROWS_AS(infer_groups(3, 6, of_two), ShapeError);
  CHECK_THROWS_AS(infer_groups(0, 6, of_two), ShapeError);
  CHECK_THROWS_WITH(infer_groups(1, 3, of_two), contains("in 2 groups"));
}
