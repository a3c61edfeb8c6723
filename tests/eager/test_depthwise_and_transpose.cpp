#include "eager/user_memory.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/depthwise_conv2d.hpp"
#include "ops/transpose_weights.hpp"
#include "ops/transposed_window.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "support/pick.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

TensorSpec packed(const Shape& shape) {
  return {shape, Storage::packed};
}

/// A convolution of small integers, its result, and its three gradients as the float64 reference has them.
struct Expected {
  std::int64_t batch;
  Shape image, kernel, result;
  Values x, w, bias, dy, y;
  std::vector<Values> gradients;

  void draw(std::uint64_t number) {
    x = integers({image}, batch, 4, number);
    w = integers(packed(kernel), 1, 4, number + 1);
    bias = integers(packed({result[2]}), 1, 9, number + 2);
    dy = integers({result}, batch, 3, number + 3);
  }
};

struct DepthwiseCase : Expected {
  DepthwiseConv2DParams params;

  explicit DepthwiseCase(std::uint64_t number) {
    Pick pick(Numbers::whole, number);
    batch = pick(1, 3);
    image = {pick(5, 8), pick(5, 8), pick(1, 20)};
    kernel = {pick(1, 3), pick(1, 3), image[2], pick(1, 3)};
    params.stride = {pick(1, 2), pick(1, 2)};
    params.dilation = {pick(1, 2), pick(1, 2)};
    const Padding paddings[] = {valid, same, Padding(1, 0, 2, 1)};
    params.padding = paddings[pick(0, 2)];
    const auto window = ops::Window2D::resolve({image[0], image[1]}, {kernel[0], kernel[1]}, params.stride,
                                               params.dilation, params.padding);
    const ops::Extent2D out = window.out({image[0], image[1]});
    const std::int64_t channels = image[2] * kernel[3];
    result = {out.height, out.width, channels};
    draw(number);
    const TensorSpec merged = packed({kernel[0], kernel[1], channels});
    y = expected_of(std::make_shared<ops::DepthwiseConv2D>(window), {{image}, merged, packed({channels})}, {x, w, bias},
                    batch)[0];
    gradients = expected_of(std::make_shared<ops::DepthwiseConv2DBackward>(window), {{result}, {image}, merged},
                            {dy, x, w}, batch);
  }
};

struct TransposeCase : Expected {
  Conv2DTransposeParams params;

  explicit TransposeCase(std::uint64_t number) {
    Pick pick(Numbers::whole, number);
    batch = pick(1, 3);
    image = {pick(2, 5), pick(2, 5), pick(1, 5)};
    kernel = {pick(2, 4), pick(2, 4), pick(1, 20), image[2]};
    params.stride = {pick(1, 3), pick(1, 3)};
    const Padding paddings[] = {valid, same, Padding(1, 0, 0, 1)};
    params.padding = paddings[pick(0, 2)];
    if (pick(0, 1)) params.output_padding = Size2D(params.stride.height - 1, params.stride.width - 1);
    const auto resolved = ops::TransposedWindow::resolve({image[0], image[1]}, {kernel[0], kernel[1]}, params.stride,
                                                         params.dilation, params.padding, params.output_padding);
    result = {resolved.extent.height, resolved.extent.width, kernel[2]};
    draw(number);
    const TensorSpec turned = packed({kernel[0], kernel[1], kernel[3], kernel[2]});
    const Values transposed = expected_of(std::make_shared<ops::TransposeWeights>(), {packed(kernel)}, {w}, 1)[0];
    y = expected_of(std::make_shared<ops::Conv2DTranspose>(resolved.window, resolved.added),
                    {{image}, packed(kernel), turned, packed({kernel[2]})}, {x, w, transposed, bias}, batch)[0];
    gradients = expected_of(std::make_shared<ops::Conv2DTransposeBackward>(resolved.window, resolved.added),
                            {{result}, {image}, packed(kernel)}, {dy, x, w}, batch);
  }
};

/// Calls forward(x, w, bias, y) and backward(dy, x, w, gradients), each with some gradients left out.
template <class Forward, class Backward>
void check(const Expected& c, int wanted, Forward forward, Backward backward) {
  const Shape x_shape = c.image.with_outer(c.batch), y_shape = c.result.with_outer(c.batch), offsets{c.result[2]};
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const ConstTensorView x = memory.input(x_shape, c.x), w = memory.input(c.kernel, c.w);
    const TensorView y = memory.output(y_shape);
    forward(x, w, memory.input(offsets, c.bias), y);
    REQUIRE(memory.read(y) == c.y);
    Gradients gradients;
    if (wanted & 1) gradients.dx = memory.output(x_shape);
    if (wanted & 2) gradients.dw = memory.output(c.kernel);
    if (wanted & 4) gradients.db = memory.output(offsets);
    backward(memory.input(y_shape, c.dy), x, w, gradients);
    if (wanted & 1) REQUIRE(memory.read(gradients.dx) == c.gradients[0]);
    if (wanted & 2) REQUIRE(memory.read(gradients.dw) == c.gradients[1]);
    if (wanted & 4) REQUIRE(memory.read(gradients.db) == c.gradients[2]);
    REQUIRE(memory.gaps_written() == 0);
  });
}

}  // namespace

TEST_CASE("depthwise_conv2d and its backward on the caller's buffers are the ops", "[eager]") {
  for (std::uint64_t seed = 0; seed < scaled(30); ++seed) {
    INFO("seed " << seed);
    const DepthwiseCase c(seed);
    check(
        c, 1 + static_cast<int>(seed) % 7,
        [&](const auto& x, const auto& w, const auto& bias, const auto& y) {
          depthwise_conv2d(x, w, bias, c.params, y);
        },
        [&](const auto& dy, const auto& x, const auto& w, const Gradients& gradients) {
          depthwise_conv2d_backward(dy, x, w, c.params, gradients);
        });
  }
}

TEST_CASE("conv2d_transpose and its backward on the caller's buffers are the ops", "[eager]") {
  for (std::uint64_t seed = 0; seed < scaled(30); ++seed) {
    INFO("seed " << seed);
    const TransposeCase c(seed);
    check(
        c, 1 + static_cast<int>(seed) % 7,
        [&](const auto& x, const auto& w, const auto& bias, const auto& y) {
          conv2d_transpose(x, w, bias, c.params, y);
        },
        [&](const auto& dy, const auto& x, const auto& w, const Gradients& gradients) {
          conv2d_transpose_backward(dy, x, w, c.params, gradients);
        });
  }
}

TEST_CASE("prepared depthwise and transposed convolutions take other weights", "[eager]") {
  const DepthwiseCase d(3);
  const TransposeCase t(3);
  UserMemory memory(Guard::after, Lie::gapped);
  const auto zeros = [&](const Shape& shape) {
    return memory.input(shape, Values(static_cast<std::size_t>(shape.elements()), 0.0));
  };
  const auto run = [&](auto& op, const Expected& c) {
    const TensorView y = memory.output(c.result.with_outer(c.batch));
    op.set_weights(memory.input(c.kernel, c.w), memory.input({c.result[2]}, c.bias));
    op.run(memory.input(c.image.with_outer(c.batch), c.x), y);
    CHECK(memory.read(y) == c.y);
    CHECK(op.result_shape() == y.shape());
  };
  auto depthwise =
      prepare_depthwise_conv2d(d.image.with_outer(d.batch), d.params, zeros(d.kernel), zeros({d.result[2]}));
  run(depthwise, d);
  auto transpose =
      prepare_conv2d_transpose(t.image.with_outer(t.batch), t.params, zeros(t.kernel), zeros({t.result[2]}));
  run(transpose, t);
}

TEST_CASE("depthwise and transposed convolutions refuse what does not fit", "[eager]") {
  std::vector<float> memory(400);
  const ConstTensorView x(memory.data(), {1, 4, 4, 3}), w(memory.data() + 100, {2, 2, 3, 2});
  const TensorView y(memory.data() + 200, {1, 3, 3, 6});
  CHECK_NOTHROW(depthwise_conv2d(x, w, {}, {}, y));
  CHECK_THROWS_WITH(depthwise_conv2d(x, {memory.data() + 100, {2, 2, 2, 3}}, {}, {}, y),
                    contains("depthwise_conv2d: w is 2x2x2x3; expected 3 channels on axis 2"));
  CHECK_THROWS_WITH(depthwise_conv2d(x, w, {memory.data() + 150, {3}}, {}, y), contains("bias is 3; expected 6"));
  CHECK_THROWS_WITH(depthwise_conv2d(x, w, {}, {.activation = softmax}, y), contains("activation softmax"));
  CHECK_THROWS_WITH(depthwise_conv2d(x, {memory.data() + 100, {5, 2, 3, 2}}, {}, {}, y),
                    contains("depthwise_conv2d: height: a window of 5"));
  CHECK_THROWS_WITH(depthwise_conv2d_backward(y, x, w, {}, {.dw = TensorView(memory.data() + 300, {2, 2, 6})}),
                    contains("dw is 2x2x6; expected 2x2x3x2"));
  CHECK_THROWS_WITH(conv2d_transpose(x, w, {}, {}, y),
                    contains("conv2d_transpose: w is 2x2x3x2; expected 3 on axis 3"));
  const ConstTensorView turned(memory.data() + 100, {2, 2, 2, 3});
  CHECK_THROWS_WITH(conv2d_transpose(x, turned, {}, {}, y), contains("y is 1x3x3x6; expected 1x5x5x2"));
  CHECK_THROWS_WITH(conv2d_transpose(x, turned, {memory.data() + 150, {3}}, {}, y), contains("bias is 3; expected 2"));
  CHECK_THROWS_WITH(conv2d_transpose(x, turned, {}, {.output_padding = 1}, y), contains("conv2d_transpose: height"));
  for (const Size2D& wrong : {Size2D(-5), Size2D(1, -1), Size2D(-1)})
    CHECK_THROWS_WITH(conv2d_transpose(x, turned, {}, {.stride = 2, .output_padding = wrong}, y),
                      contains("output padding -"));
  CHECK_THROWS_WITH(conv2d_transpose(x, turned, {}, {.stride = INT64_MIN}, y), contains("height: stride -"));
  CHECK_THROWS_WITH(conv2d_transpose_backward(y, x, turned, {.activation = relu}, {.dx = y}),
                    contains("activation linear"));
}
