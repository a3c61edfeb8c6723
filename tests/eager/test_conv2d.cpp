#include "eager/user_memory.hpp"
#include "ops/conv2d.hpp"
#include "ops/transpose_weights.hpp"
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

/// A convolution of small integers, and what the float64 reference makes of it.
struct ConvCase {
  std::int64_t batch;
  Shape image, kernel;
  Conv2DParams params;
  ops::Window2D window;
  Values x, w, bias, dy, y;
  std::vector<Values> gradients;
  bool has_bias;

  explicit ConvCase(std::uint64_t number) {
    Pick pick(Numbers::whole, number);
    batch = pick(1, 4);
    params.groups = std::max<std::int64_t>(1, pick(-3, 3));
    const std::int64_t channels = params.groups == 1 ? pick(1, 5) : pick(1, 3);
    image = {pick(5, 9), pick(5, 9), params.groups * channels};
    kernel = {pick(1, 3), pick(1, 3), channels, params.groups * pick(1, params.groups == 1 ? 20 : 7)};
    params.stride = {pick(1, 2), pick(1, 2)};
    params.dilation = {pick(1, 2), pick(1, 2)};
    const Padding paddings[] = {valid, same, Padding(1, 0, 2, 1)};
    params.padding = paddings[pick(0, 2)];
    has_bias = pick(0, 1);
    window = ops::Window2D::resolve({image[0], image[1]}, {kernel[0], kernel[1]}, params.stride, params.dilation,
                                    params.padding);
    x = integers({image}, batch, 4, number);
    w = integers(packed(kernel), 1, 4, number + 1);
    bias = integers(packed({kernel[3]}), 1, 9, number + 2);
    dy = integers({result()}, batch, 3, number + 3);
    y = forward(kernels::Activation::none);
    const TensorSpec turned = packed({kernel[0], kernel[1], kernel[3] / params.groups, image[2]});
    const Values transposed = expected_of(std::make_shared<ops::TransposeWeights>(), {packed(kernel)}, {w}, 1)[0];
    gradients = expected_of(std::make_shared<ops::Conv2DBackward>(window, kernel, params.groups),
                            {{result()}, {image}, turned}, {dy, x, transposed}, batch);
  }

  Shape result() const {
    const ops::Extent2D out = window.out({image[0], image[1]});
    return {out.height, out.width, kernel[3]};
  }
  Shape x_shape() const { return image.with_outer(batch); }
  Shape y_shape() const { return result().with_outer(batch); }
  Values forward(kernels::Activation activation) const {
    return expected_of(std::make_shared<ops::Conv2D>(
                           ops::Conv2DAttributes{.window = window, .activation = activation, .groups = params.groups}),
                       {{image}, packed(kernel), has_bias ? packed({kernel[3]}) : TensorSpec{}}, {x, w, bias},
                       batch)[0];
  }
  TensorSpec packed(const Shape& shape) const { return {shape, Storage::packed, ops::Element::scalar, params.groups}; }
  ConstTensorView bias_view(UserMemory& memory) const {
    return has_bias ? memory.input({kernel[3]}, bias) : ConstTensorView{};
  }
};

}  // namespace

TEST_CASE("conv2d on the caller's buffers is the op, dense or strided, on every ISA", "[eager]") {
  for (std::uint64_t seed = 0; seed < scaled(60); ++seed) {
    const ConvCase c(seed);
    const bool rectified = seed % 2;
    const Values expected = rectified ? c.forward(kernels::Activation::relu) : c.y;
    Conv2DParams params = c.params;
    params.activation = rectified ? relu : linear;
    on_every_isa([&](Guard guard, Lie lie) {
      INFO("seed " << seed);
      UserMemory memory(guard, lie);
      const TensorView y = memory.output(c.y_shape());
      conv2d(memory.input(c.x_shape(), c.x), memory.input(c.kernel, c.w), c.bias_view(memory), params, y);
      REQUIRE(memory.read(y) == expected);
      REQUIRE(memory.gaps_written() == 0);
    });
  }
}

TEST_CASE("conv2d_backward gives any of the three gradients", "[eager]") {
  for (std::uint64_t seed = 0; seed < scaled(42); ++seed) {
    const ConvCase c(seed + 40);
    const int wanted = 1 + static_cast<int>(seed) % 7;
    on_every_isa([&](Guard guard, Lie lie) {
      INFO("seed " << seed);
      UserMemory memory(guard, lie);
      Gradients gradients;
      if (wanted & 1) gradients.dx = memory.output(c.x_shape());
      if (wanted & 2) gradients.dw = memory.output(c.kernel);
      if (wanted & 4) gradients.db = memory.output({c.kernel[3]});
      // x is needed for dw only, and for the shape where dx does not give it.
      const bool needs_x = wanted & 2 || !(wanted & 1);
      conv2d_backward(memory.input(c.y_shape(), c.dy), needs_x ? memory.input(c.x_shape(), c.x) : ConstTensorView{},
                      memory.input(c.kernel, c.w), c.params, gradients);
      if (wanted & 1) REQUIRE(memory.read(gradients.dx) == c.gradients[0]);
      if (wanted & 2) REQUIRE(memory.read(gradients.dw) == c.gradients[1]);
      if (wanted & 4) REQUIRE(memory.read(gradients.db) == c.gradients[2]);
      REQUIRE(memory.gaps_written() == 0);
    });
  }
}

TEST_CASE("an empty batch writes nothing but zero gradients of the weights", "[eager]") {
  const std::vector<float> w(3 * 3 * 2 * 5, 1.0f);
  std::vector<float> dw(w.size(), 7.0f), db(5, 7.0f);
  const ConstTensorView weights(w.data(), {3, 3, 2, 5});
  const ConstTensorView x(nullptr, {0, 6, 6, 2}), dy(nullptr, {0, 4, 4, 5});
  conv2d(x, weights, {}, {}, {nullptr, {0, 4, 4, 5}});
  conv2d_backward(dy, x, weights, {}, {{nullptr, {0, 6, 6, 2}}, {dw.data(), {3, 3, 2, 5}}, {db.data(), {5}}});
  CHECK(dw == std::vector<float>(dw.size(), 0.0f));
  CHECK(db == std::vector<float>(db.size(), 0.0f));
}

TEST_CASE("a prepared conv2d takes smaller batches and new weights", "[eager]") {
  ConvCase c(3);
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    PreparedConv2D op = prepare_conv2d(c.image.with_outer(c.batch + 2), c.params,
                                       memory.input(c.kernel, Values(c.w.size(), 9.0)), c.bias_view(memory));
    CHECK(op.result_shape() == c.result().with_outer(c.batch + 2));
    op.set_weights(memory.input(c.kernel, c.w), c.bias_view(memory));
    PreparedConv2D moved = std::move(op);
    for (std::int64_t batch : {c.batch, std::int64_t{1}}) {
      const Values part(c.x.begin(), c.x.begin() + batch * c.image.elements());
      const Values expected(c.y.begin(), c.y.begin() + batch * c.result().elements());
      const TensorView y = memory.output(c.result().with_outer(batch));
      moved.run(memory.input(c.image.with_outer(batch), part), y);
      REQUIRE(memory.read(y) == expected);
    }
    CHECK(memory.gaps_written() == 0);
  });
}

TEST_CASE("a prepared conv2d_backward follows its weights", "[eager]") {
  ConvCase c(4);
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    PreparedConv2DBackward op =
        prepare_conv2d_backward(c.x_shape(), c.params, memory.input(c.kernel, Values(c.w.size(), 9.0)));
    const Gradients gradients{memory.output(c.x_shape()), memory.output(c.kernel), memory.output({c.kernel[3]})};
    const ConstTensorView dy = memory.input(c.y_shape(), c.dy), x = memory.input(c.x_shape(), c.x);
    op.run(dy, x, gradients);
    op.set_weights(memory.input(c.kernel, c.w));
    op.run(dy, x, gradients);
    REQUIRE(memory.read(gradients.dx) == c.gradients[0]);
    REQUIRE(memory.read(gradients.dw) == c.gradients[1]);
    REQUIRE(memory.read(gradients.db) == c.gradients[2]);
  });
}
