#include <algorithm>

#include "base/random.hpp"
#include "ops/batch_norm.hpp"
#include "ops/depthwise_conv2d.hpp"
#include "ops/elementwise.hpp"
#include "ops/repeat_channels.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

struct DepthwiseCase {
  ops::Window2D window;
  std::int64_t height, width, channels, batch;

  TensorSpec image() const { return {{height, width, channels}}; }
  TensorSpec kernel() const { return {{window.size.height, window.size.width, channels}, Storage::packed}; }
  TensorSpec bias() const { return {{channels}, Storage::packed}; }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, channels}}; }
  bool fits() const {
    const auto fits_axis = [](std::int64_t in, std::int64_t size, std::int64_t dilation, std::int64_t pads) {
      return (size - 1) * dilation + 1 <= in + pads;
    };
    return fits_axis(height, window.size.height, window.dilation.height, window.padding.top + window.padding.bottom) &&
           fits_axis(width, window.size.width, window.dilation.width, window.padding.left + window.padding.right);
  }
};

/// Any kernel 1-5, stride 1-3, dilation 1-3, four different paddings, kernels beyond the image.
DepthwiseCase random_case(std::uint64_t number) {
  const base::Random random(number, base::Stream::test, 8);
  std::uint64_t position = 0;
  const auto pick = [&](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1), position++));
  };
  for (;;) {
    const DepthwiseCase made{{{pick(1, 5), pick(1, 5)},
                              {pick(1, 3), pick(1, 3)},
                              {pick(1, 3), pick(1, 3)},
                              {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)}},
                             pick(1, 12),
                             pick(1, 12),
                             pick(1, 70),
                             pick(1, 5)};
    if (made.fits()) return made;
  }
}

/// The definition, written out.
Values plain_depthwise(const DepthwiseCase& c, const Values& x, const Values& w, const Values& b) {
  const ops::Extent2D out = c.out();
  Values y;
  for (std::int64_t n = 0; n < c.batch; ++n)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q)
        for (std::int64_t k = 0; k < c.channels; ++k) {
          double sum = b.empty() ? 0 : b[static_cast<std::size_t>(k)];
          for (std::int64_t r = 0; r < c.window.size.height; ++r)
            for (std::int64_t s = 0; s < c.window.size.width; ++s) {
              const std::int64_t i = p * c.window.stride.height + r * c.window.dilation.height - c.window.padding.top;
              const std::int64_t j = q * c.window.stride.width + s * c.window.dilation.width - c.window.padding.left;
              if (i < 0 || i >= c.height || j < 0 || j >= c.width) continue;
              sum += x[static_cast<std::size_t>(((n * c.height + i) * c.width + j) * c.channels + k)] *
                     w[static_cast<std::size_t>((r * c.window.size.width + s) * c.channels + k)];
            }
          y.push_back(sum);
        }
  return y;
}

std::string isa_id(const ops::Kernels& kernels) {
  return std::string(kernels.isa()) + (kernels.scalar() == ops::Scalar::f64 ? " float64" : "");
}

/// Random shapes, then batches, widths and channels through all that a tile's tails can be.
template <class F>
void for_cases(F f) {
  for (std::uint64_t seed = 0; seed < scaled(500); ++seed) f(random_case(seed), seed);
  std::uint64_t seed = 1'000'000;
  const DepthwiseCase ordinary{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 5, 6, 7, 2};
  for (std::int64_t n = 1; n <= 65; ++n) {
    DepthwiseCase c = ordinary;
    c.channels = n;
    f(c, seed++);
  }
  for (std::int64_t n = 1; n <= 25; ++n) {
    DepthwiseCase wide = ordinary, batched = ordinary;
    wide.width = n;
    wide.batch = 1;
    batched.batch = n;
    f(wide, seed++);
    f(batched, seed++);
  }
}

}  // namespace

TEST_CASE("depthwise_conv2d forward equals its definition on integers, on every ISA", "[ops]") {
  for_cases([](const DepthwiseCase& c, std::uint64_t seed) {
    const Values x = integers(c.image(), c.batch, 4, seed), w = integers(c.kernel(), 1, 4, seed + 1),
                 b = integers(c.bias(), 1, 9, seed + 2);
    const bool has_bias = seed % 3 != 0, relu = seed % 2 == 0;
    Values expected = plain_depthwise(c, x, w, has_bias ? b : Values{});
    if (relu)
      for (double& value : expected) value = std::max(value, 0.0);
    const auto op =
        std::make_shared<ops::DepthwiseConv2D>(c.window, relu ? kernels::Activation::relu : kernels::Activation::none);
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      REQUIRE(run_op(op, {c.image(), c.kernel(), has_bias ? c.bias() : TensorSpec{}}, {x, w, b},
                     {kernels, c.batch, static_cast<int>(seed % 4 + 1)})[0] == expected);
      count_cases("1 exact integers, ops", "depthwise_conv2d/" + isa_id(kernels), 1);
    }
  });
}

TEST_CASE("depthwise_conv2d's passes are adjoint, in integers, on every ISA", "[ops]") {
  for_cases([](const DepthwiseCase& c, std::uint64_t seed) {
    const Values x = integers(c.image(), c.batch, 3, seed), w = integers(c.kernel(), 1, 3, seed + 1);
    const Values dy = integers(c.result(), c.batch, 3, seed + 2);
    const double expected = dot(plain_depthwise(c, x, w, {}), dy);
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      const auto gradients =
          run_op(std::make_shared<ops::DepthwiseConv2DBackward>(c.window), {c.result(), c.image(), c.kernel()},
                 {dy, x, w}, {kernels, c.batch, static_cast<int>(seed % 3 + 1)});
      REQUIRE(dot(x, gradients[0]) == expected);
      REQUIRE(dot(w, gradients[1]) == expected);
      REQUIRE(dot(Values(gradients[2].size(), 1.0), gradients[2]) == dot(Values(dy.size(), 1.0), dy));
      count_cases("2 adjoint identities in integers", "depthwise_conv2d/" + isa_id(kernels), 1);
    }
  });
}

TEST_CASE("depthwise_conv2d's gradients are its derivatives", "[ops]") {
  double worst = 0;
  for (std::uint64_t seed = 0; seed < scaled(50); ++seed) {
    DepthwiseCase c = random_case(seed + 5'000'000);
    c.channels = std::min<std::int64_t>(c.channels, 6);
    worst = std::max(
        worst,
        gradient_error(std::make_shared<ops::DepthwiseConv2D>(c.window), {c.image(), c.kernel(), c.bias()},
                       {reals(c.image(), c.batch, seed), reals(c.kernel(), 1, seed + 1), reals(c.bias(), 1, seed + 2)},
                       {0, 1, 2}, c.batch, seed));
  }
  CHECK(worst < 1e-6);
}

TEST_CASE("depthwise_conv2d's backward gives the same bits for any number of threads and on every ISA with FMA",
          "[ops]") {
  for (const DepthwiseCase& c : {DepthwiseCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 30, 17, 33, 3},
                                 DepthwiseCase{{{5, 5}, {2, 2}}, 9, 9, 700, 9}}) {
    const Values dy = reals(c.result(), c.batch, 1), x = reals(c.image(), c.batch, 2), w = reals(c.kernel(), 1, 3);
    std::vector<Values> first;
    for (const ops::Kernels& kernels : all_float_kernels()) {
      if (kernels.scalar() != ops::Scalar::f32 || kernels.isa() == "sse2") continue;
      for (const int threads : {1, 2, 3, 7}) {
        INFO("isa " << kernels.isa() << ", threads " << threads);
        const auto found = run_op(std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                                  {c.result(), c.image(), c.kernel()}, {dy, x, w}, {kernels, c.batch, threads});
        if (first.empty()) first = found;
        REQUIRE(found == first);
      }
    }
  }
}

TEST_CASE("an empty batch gives a depthwise convolution zero gradients", "[ops]") {
  const DepthwiseCase c{{{3, 3}}, 5, 5, 20, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto gradients = run_op(std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                                  {c.result(), c.image(), c.kernel()}, {{}, {}, Values(180, 1.0)}, {kernels, 0});
    CHECK(gradients[1] == Values(180, 0.0));
    CHECK(gradients[2] == Values(20, 0.0));
  }
}

TEST_CASE("a depthwise convolution takes in a normalisation and a ReLU", "[ops]") {
  plan::Graph graph;
  const auto x = graph.add_input("x", {{5, 4, 42}});
  const auto conv = std::make_shared<ops::DepthwiseConv2D>(ops::Window2D{{3, 3}});
  std::vector<plan::ValueId> normalized =
      graph.emit(conv, {x, graph.add_parameter("kernel", {3, 3, 42}, 0), graph.add_parameter("bias", {42}, 5)});
  for (int number = 1; number <= 4; ++number) normalized.push_back(graph.add_parameter("norm", {42}, number));
  const auto y =
      graph.emit(std::make_shared<ops::Relu>(), graph.emit(std::make_shared<ops::BatchNormInference>(1.0), normalized));
  std::map<plan::ValueId, Values> values;
  for (std::size_t id = 0; id < graph.values().size(); ++id)
    if (graph.values()[id].role != plan::Role::intermediate)
      values[static_cast<plan::ValueId>(id)] = integers(graph.values()[id].spec, 2, 3, id);
  for (double& variance : values[normalized[4]]) variance = variance > 0 ? 15 : 3;  // exact square roots
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto fused = plan::make_plan(graph, {kernels, 2, y, true});
    CHECK(fused->dump().find("depthwise_conv2d+batch_norm+relu") != std::string::npos);
    CHECK(run_graph(graph, values, y, {kernels, 2, 3, true}) == run_graph(graph, values, y, {kernels, 2, 1, false}));
  }
}

TEST_CASE("depthwise_conv2d refuses what does not fit", "[ops]") {
  const ops::DepthwiseConv2D op(ops::Window2D{{3, 3}});
  const TensorSpec kernel{{3, 3, 4}, Storage::packed};
  CHECK(op.infer({{{5, 6, 4}}, kernel, {}})[0].shape == Shape{3, 4, 4});
  CHECK_THROWS_AS(op.infer({{{5, 2, 4}}, kernel, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 3}}, kernel, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 4}}, kernel, kernel}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6, 0}}, {{3, 3, 0}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6}}, kernel, {}}), ShapeError);
}

TEST_CASE("repeat_channels repeats each channel, and its backward adds the repeats", "[ops]") {
  const TensorSpec x{{2, 1, 3}}, y{{2, 1, 6}};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    CHECK(run_op(std::make_shared<ops::RepeatChannels>(2), {x}, {{1, 2, 3, 4, 5, 6}}, {kernels, 1})[0] ==
          Values{1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6});
    CHECK(run_op(std::make_shared<ops::RepeatChannelsBackward>(2), {y}, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
                 {kernels, 1, 2})[0] == Values{3, 7, 11, 15, 19, 23});
  }
  CHECK(gradient_error(std::make_shared<ops::RepeatChannels>(3), {x}, {reals(x, 2, 1)}, {0}, 2, 1) < 1e-6);
  CHECK_THROWS_AS(ops::RepeatChannels(0).infer({x}), ArgumentError);
  CHECK_THROWS_AS(ops::RepeatChannels(2).infer({{{3}, Storage::packed}}), ShapeError);
  CHECK_THROWS_AS(ops::RepeatChannelsBackward(2).infer({x}), ShapeError);
}
