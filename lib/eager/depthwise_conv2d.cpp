#include "ops/depthwise_conv2d.hpp"

#include "base/checked.hpp"
#include "eager/build.hpp"
#include "ops/activation.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *forward_name = "depthwise_conv2d", *backward_name = "depthwise_conv2d_backward";

struct Depthwise {
  plan::Graph graph;
  ops::Window2D window;
  std::int64_t channels;  ///< of the result
  plan::ValueId x, kernel;

  Depthwise(const std::string& op, const Shape& x_shape, const DepthwiseConv2DParams& params,
            const ConstTensorView& w) {
    require_rank(op, "x", x_shape, 4, image_axes);
    require_given(op, "w", w);
    require_rank(op, "w", w.shape(), 4, "height x width x channels x filters of each");
    if (w.shape()[2] != x_shape[3] || w.shape()[3] < 1)
      throw ShapeError("w is " + w.shape().to_string() + "; expected " + std::to_string(x_shape[3]) +
                       " channels on axis 2, and at least 1 filter of each on axis 3");
    window = ops::Window2D::resolve(extent_of_batch(x_shape), {w.shape()[0], w.shape()[1]}, params.stride,
                                    params.dilation, params.padding);
    channels = base::checked_mul(x_shape[3], w.shape()[3]);
    x = graph.add_input("x", {sample_of(x_shape)});
    kernel = graph.add_parameter("w", {w.shape()[0], w.shape()[1], channels}, 0);
  }
};

}  // namespace

PreparedDepthwiseConv2D prepare_depthwise_conv2d(const Shape& x_shape, const DepthwiseConv2DParams& params,
                                                 const ConstTensorView& w, const ConstTensorView& bias) {
  return named(forward_name, [&] {
    require_fused(params.activation);
    Depthwise made(forward_name, x_shape, params, w);
    const plan::ValueId offset =
        bias.is_given() ? made.graph.add_parameter("bias", {made.channels}, 1) : plan::no_value;
    plan::ValueId y =
        made.graph.emit(std::make_shared<ops::DepthwiseConv2D>(made.window), {made.x, made.kernel, offset})[0];
    if (const auto activation = ops::activation_op(params.activation)) y = made.graph.emit(activation, {y})[0];
    auto op = std::make_unique<OneOp>(forward_name, made.graph, std::vector<Port>{{"x", made.x}},
                                      std::vector<Port>{{"y", y}}, x_shape[0]);
    op->see_parameter_as("w", w.shape());
    op->set_parameters({{"w", w}, {"bias", bias}});
    return PreparedDepthwiseConv2D(std::move(op));
  });
}

void PreparedDepthwiseConv2D::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void PreparedDepthwiseConv2D::set_weights(const ConstTensorView& w, const ConstTensorView& bias) {
  op().set_parameters({{"w", w}, {"bias", bias}});
}

void depthwise_conv2d(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias,
                      const DepthwiseConv2DParams& params, const TensorView& y) {
  require_apart(forward_name, "y", y, "w", w);
  require_apart(forward_name, "y", y, "bias", bias);
  prepare_depthwise_conv2d(x.shape(), params, w, bias).run(x, y);
}

PreparedDepthwiseConv2DBackward prepare_depthwise_conv2d_backward(const Shape& x_shape,
                                                                  const DepthwiseConv2DParams& params,
                                                                  const ConstTensorView& w,
                                                                  const WantedGradients& wanted) {
  return named(backward_name, [&] {
    require_linear(params.activation);
    require_some(backward_name, wanted);
    Depthwise made(backward_name, x_shape, params, w);
    const ops::Extent2D out = made.window.out(extent_of_batch(x_shape));
    const plan::ValueId dy = made.graph.add_input("dy", {{out.height, out.width, made.channels}});
    const auto results =
        made.graph.emit(std::make_shared<ops::DepthwiseConv2DBackward>(made.window), {dy, made.x, made.kernel});
    std::vector<Port> gradients = gradient_ports(results, wanted);
    gradients[1].seen_as = w.shape();
    auto op = std::make_unique<OneOp>(backward_name, made.graph, backward_inputs(dy, made.x, wanted),
                                      std::move(gradients), x_shape[0]);
    op->see_parameter_as("w", w.shape());
    op->set_parameters({{"w", w}});
    return PreparedDepthwiseConv2DBackward(std::move(op));
  });
}

void PreparedDepthwiseConv2DBackward::run(const ConstTensorView& dy, const ConstTensorView& x,
                                          const Gradients& gradients) {
  op().run({dy, x}, {gradients.dx, gradients.dw, gradients.db});
}

void PreparedDepthwiseConv2DBackward::set_weights(const ConstTensorView& w) {
  op().set_parameters({{"w", w}});
}

void depthwise_conv2d_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                               const DepthwiseConv2DParams& params, const Gradients& gradients) {
  require_apart_from_weights(backward_name, w, gradients);
  prepare_depthwise_conv2d_backward(x_shape_of(backward_name, x, gradients), params, w, wanted_by(gradients))
      .run(dy, x, gradients);
}

}  // namespace tilewise
