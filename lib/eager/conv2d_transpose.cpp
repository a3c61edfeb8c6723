#include "ops/conv2d_transpose.hpp"

#include "eager/build.hpp"
#include "ops/activation.hpp"
#include "ops/transpose_weights.hpp"
#include "ops/transposed_window.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *forward_name = "conv2d_transpose", *backward_name = "conv2d_transpose_backward";

/// Checks ranks and channels, and gives the window.
ops::TransposedWindow window_of(const std::string& op, const Shape& x, const Conv2DTransposeParams& params,
                                const ConstTensorView& w, const ConstTensorView& bias) {
  require_rank(op, "x", x, 4, image_axes);
  require_given(op, "w", w);
  require_rank(op, "w", w.shape(), 4, "height x width x channels out x channels in");
  if (w.shape()[3] != x[3])
    throw ShapeError("w is " + w.shape().to_string() + "; expected " + std::to_string(x[3]) +
                     " on axis 3 for the channels of x");
  if (const Shape offsets{w.shape()[2]}; bias.is_given() && !(bias.shape() == offsets))
    throw ShapeError("bias is " + bias.shape().to_string() + "; expected " + offsets.to_string());
  return ops::TransposedWindow::resolve(extent_of_batch(x), {w.shape()[0], w.shape()[1]}, params.stride,
                                        params.dilation, params.padding, params.output_padding);
}

}  // namespace

PreparedConv2DTranspose prepare_conv2d_transpose(const Shape& x_shape, const Conv2DTransposeParams& params,
                                                 const ConstTensorView& w, const ConstTensorView& bias) {
  return named(forward_name, [&] {
    require_fused(params.activation);
    const ops::TransposedWindow resolved = window_of(forward_name, x_shape, params, w, bias);
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0);
    const plan::ValueId transposed = graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0];
    const plan::ValueId offset = bias.is_given() ? graph.add_parameter("bias", bias.shape(), 1) : plan::no_value;
    plan::ValueId y = graph.emit(std::make_shared<ops::Conv2DTranspose>(resolved.window, resolved.added),
                                 {x, kernel, transposed, offset})[0];
    if (const auto activation = ops::activation_op(params.activation)) y = graph.emit(activation, {y})[0];
    auto op = std::make_unique<OneOp>(forward_name, graph, std::vector<Port>{{"x", x}}, std::vector<Port>{{"y", y}},
                                      x_shape[0]);
    op->set_parameters({{"w", w}, {"bias", bias}});
    return PreparedConv2DTranspose(std::move(op));
  });
}

void PreparedConv2DTranspose::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void PreparedConv2DTranspose::set_weights(const ConstTensorView& w, const ConstTensorView& bias) {
  op().set_parameters({{"w", w}, {"bias", bias}});
}

void conv2d_transpose(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias,
                      const Conv2DTransposeParams& params, const TensorView& y) {
  require_apart(forward_name, "y", y, "w", w);
  require_apart(forward_name, "y", y, "bias", bias);
  prepare_conv2d_transpose(x.shape(), params, w, bias).run(x, y);
}

PreparedConv2DTransposeBackward prepare_conv2d_transpose_backward(const Shape& x_shape,
                                                                  const Conv2DTransposeParams& params,
                                                                  const ConstTensorView& w,
                                                                  const WantedGradients& wanted) {
  return named(backward_name, [&] {
    require_linear(params.activation);
    require_some(backward_name, wanted);
    const ops::TransposedWindow resolved = window_of(backward_name, x_shape, params, w, {});
    plan::Graph graph;
    const plan::ValueId dy = graph.add_input("dy", {{resolved.extent.height, resolved.extent.width, w.shape()[2]}});
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0);
    const auto results =
        graph.emit(std::make_shared<ops::Conv2DTransposeBackward>(resolved.window, resolved.added), {dy, x, kernel});
    auto op = std::make_unique<OneOp>(backward_name, graph, backward_inputs(dy, x, wanted),
                                      gradient_ports(results, wanted), x_shape[0]);
    op->set_parameters({{"w", w}});
    return PreparedConv2DTransposeBackward(std::move(op));
  });
}

void PreparedConv2DTransposeBackward::run(const ConstTensorView& dy, const ConstTensorView& x,
                                          const Gradients& gradients) {
  op().run({dy, x}, {gradients.dx, gradients.dw, gradients.db});
}

void PreparedConv2DTransposeBackward::set_weights(const ConstTensorView& w) {
  op().set_parameters({{"w", w}});
}

void conv2d_transpose_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                               const Conv2DTransposeParams& params, const Gradients& gradients) {
  require_apart_from_weights(backward_name, w, gradients);
  prepare_conv2d_transpose_backward(x_shape_of(backward_name, x, gradients), params, w, wanted_by(gradients))
      .run(dy, x, gradients);
}

}  // namespace tilewise
