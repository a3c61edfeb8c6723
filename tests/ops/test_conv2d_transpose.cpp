#include <algorithm>

#include "base/random.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/elementwise.hpp"
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

struct TransposeCase {
  ops::Window2D window;
  ops::Extent2D added;  ///< output padding
  std::int64_t height, width, in_channels, out_channels, batch;

  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const {
    return {{window.size.height, window.size.width, out_channels, in_channels}, Storage::packed};
  }
  TensorSpec transposed() const {
    return {{window.size.height, window.size.width, in_channels, out_channels}, Storage::packed};
  }
  TensorSpec bias() const { return {{out_channels}, Storage::packed}; }
  ops::Extent2D out() const { return window.transposed_out({height, width}, added); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
  bool leaves_something() const {
    const ops::Window2D& w = window;
    return (height - 1) * w.stride.height + (w.size.height - 1) * w.dilation.height + 1 + added.height >
               w.padding.top + w.padding.bottom &&
           (width - 1) * w.stride.width + (w.size.width - 1) * w.dilation.width + 1 + added.width >
               w.padding.left + w.padding.right;
  }
};

/// Any kernel 1-5, stride 1-3, dilation 1-3, four different paddings, every output padding.
TransposeCase random_case(std::uint64_t number) {
  const base::Random random(number, base::Stream::test, 9);
  std::uint64_t position = 0;
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1), position++));
  };
  for (;;) {
    TransposeCase made{{{pick(1, 5), pick(1, 5)},
                        {pick(1, 3), pick(1, 3)},
                        {pick(1, 3), pick(1, 3)},
                        {pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)}},
                       {0, 0},
                       pick(1, 8),
                       pick(1, 8),
                       pick(1, 40),
                       pick(1, 40),
                       pick(1, 5)};
    const ops::Window2D& w = made.window;
    made.added = {pick(0, std::max(w.stride.height, w.dilation.height) - 1),
                  pick(0, std::max(w.stride.width, w.dilation.width) - 1)};
    if (made.leaves_something()) return made;
  }
}

Values transposed_of(const TransposeCase& c, const Values& w, const RunSettings& settings) {
  return run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
}

}  // namespace

TEST_CASE("conv2d and conv2d_transpose are each other's backward", "[ops]") {
  const std::uint64_t seeds = std::max<std::uint64_t>(5, scaled(50));  // some are no case
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const TransposeCase c = random_case(seed);
    // The convolution whose result has the image's extent: it may leave rows over, but lack none.
    if (c.window.out(c.out()) != ops::Extent2D{c.height, c.width}) continue;
    const Values x = integers(c.image(), c.batch, 3, seed), w = integers(c.kernel(), 1, 3, seed + 1);
    const Values dy = integers(c.result(), c.batch, 3, seed + 2);
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      const RunSettings settings{kernels, c.batch, 2};
      const Values transposed = transposed_of(c, w, settings);
      const Values forward = run_op(std::make_shared<ops::Conv2DTranspose>(c.window, c.added),
                                    {c.image(), c.kernel(), c.transposed(), {}}, {x, w, transposed, {}}, settings)[0];
      const auto backward = run_op(std::make_shared<ops::Conv2DTransposeBackward>(c.window, c.added),
                                   {c.result(), c.image(), c.kernel()}, {dy, x, w}, settings);
      const auto of_conv = run_op(std::make_shared<ops::Conv2DBackward>(c.window, c.kernel().shape),
                                  {c.image(), c.result(), c.transposed()}, {x, dy, transposed}, settings);
      REQUIRE(forward == of_conv[0]);
      REQUIRE(backward[1] == of_conv[1]);
      REQUIRE(backward[0] == run_op(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{c.window}),
                                    {c.result(), c.kernel(), {}}, {dy, w, {}}, settings)[0]);
    }
  }
}

TEST_CASE("an empty batch gives a transposed convolution zero gradients", "[ops]") {
  const TransposeCase c{{{3, 3}, {2, 2}}, {0, 0}, 5, 5, 2, 3, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto gradients = run_op(std::make_shared<ops::Conv2DTransposeBackward>(c.window),
                                  {c.result(), c.image(), c.kernel()}, {{}, {}, Values(54, 1.0)}, {kernels, 0});
    CHECK(gradients[1] == Values(54, 0.0));
    CHECK(gradients[2] == Values(3, 0.0));
  }
}

TEST_CASE("a transposed convolution takes in a ReLU", "[ops]") {
  const TransposeCase c{{{3, 2}, {2, 2}}, {0, 0}, 4, 3, 5, 37, 2};
  plan::Graph graph;
  const auto x = graph.add_input("x", c.image());
  const auto kernel = graph.add_parameter("kernel", c.kernel().shape, 0),
             bias = graph.add_parameter("bias", c.bias().shape, 1);
  const auto transposed = graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0];
  const auto sum = graph.emit(std::make_shared<ops::Conv2DTranspose>(c.window), {x, kernel, transposed, bias});
  const auto y = graph.emit(std::make_shared<ops::Relu>(), sum);
  const std::map<plan::ValueId, Values> values{{x, integers(c.image(), c.batch, 3, 1)},
                                               {kernel, integers(c.kernel(), 1, 3, 2)},
                                               {bias, integers(c.bias(), 1, 9, 3)}};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    CHECK(plan::make_plan(graph, {kernels, c.batch, y, true})->dump().find("conv2d_transpose+relu") !=
          std::string::npos);
    CHECK(run_graph(graph, values, y, {kernels, c.batch, 3, true}) ==
          run_graph(graph, values, y, {kernels, c.batch, 1, false}));
  }
}

TEST_CASE("conv2d_transpose refuses what does not fit", "[ops]") {
  const ops::Conv2DTranspose op(ops::Window2D{{3, 3}, {2, 2}});
  const TensorSpec image{{5, 6, 4}}, kernel{{3, 3, 7, 4}, Storage::packed}, transposed{{3, 3, 4, 7}, Storage::packed};
  CHECK(op.infer({image, kernel, transposed, {}})[0].shape == Shape{11, 13, 7});
  CHECK_THROWS_AS(op.infer({{{5, 6, 3}}, kernel, transposed, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({image, kernel, kernel, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({image, kernel, transposed, {{4}, Storage::packed}}), ShapeError);
  CHECK_THROWS_AS(op.infer({image, {{3, 2, 7, 4}, Storage::packed}, transposed, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({{{5, 6}}, kernel, transposed, {}}), ShapeError);
  CHECK_THROWS_AS(op.infer({image, {{3, 3, 0, 4}, Storage::packed}, {{3, 3, 4, 0}, Storage::packed}, {}}), ShapeError);
}

TEST_CASE("the extent of a transposed window", "[ops]") {
  const ops::Window2D window{{3, 2}, {2, 3}, {2, 1}, {1, 0, 0, 2}};
  CHECK(window.transposed_out({4, 5}, {0, 0}) == ops::Extent2D{10, 12});
  CHECK(window.transposed_out({4, 5}, {1, 2}) == ops::Extent2D{11, 14});
  CHECK_THROWS_AS(window.transposed_out({4, 5}, {2, 0}), ShapeError);
  CHECK_THROWS_AS(window.transposed_out({4, 5}, {0, -1}), ShapeError);
  CHECK_THROWS_AS(window.transposed_out({0, 5}, {0, 0}), ShapeError);
  CHECK_THROWS_AS((ops::Window2D{{1, 1}, {1, 1}, {1, 1}, {1, 1, 0, 0}}.transposed_out({2, 2}, {0, 0})), ShapeError);
  CHECK_THROWS_AS((ops::Window2D{{1, 1}, {0, 1}}.transposed_out({2, 2}, {0, 0})), ShapeError);
}
