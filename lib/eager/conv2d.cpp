#include "ops/conv2d.hpp"

#include "eager/build.hpp"
#include "ops/activation.hpp"
#include "ops/transpose_weights.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *forward_name = "conv2d", *backward_name = "conv2d_backward";
constexpr const char* kernel_axes = "height x width x channels in x channels out";

/// Checks ranks, and gives the window.
ops::Window2D window_of(const std::string& op, const Shape& x, const Conv2DParams& params, const ConstTensorView& w,
                        const ConstTensorView& bias) {
  require_rank(op, "x", x, 4, image_axes);
  require_given(op, "w", w);
  require_rank(op, "w", w.shape(), 4, kernel_axes);
  if (params.groups < 1 || x[3] % params.groups != 0)
    throw ShapeError(op + ": " + std::to_string(params.groups) + " groups of " + std::to_string(x[3]) +
                     " input channels; expected groups that divide them");
  require_weights_fit(op, w, x[3] / params.groups, bias);
  return ops::Window2D::resolve(extent_of_batch(x), {w.shape()[0], w.shape()[1]}, params.stride, params.dilation,
                                params.padding);
}

plan::ConvolutionChoice choice_of(const Conv2DParams& params) {
  return {params.arithmetic, params.algorithm};
}

}  // namespace

PreparedConv2D prepare_conv2d(const Shape& x_shape, const Conv2DParams& params, const ConstTensorView& w,
                              const ConstTensorView& bias) {
  return named(forward_name, [&] {
    require_fused(params.activation);
    const ops::Window2D window = window_of(forward_name, x_shape, params, w, bias);
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0, params.groups);
    const plan::ValueId offset =
        bias.is_given() ? graph.add_parameter("bias", bias.shape(), 1, params.groups) : plan::no_value;
    plan::ValueId y =
        graph.emit(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = window, .groups = params.groups}),
                   {x, kernel, offset})[0];
    if (const auto activation = ops::activation_op(params.activation)) y = graph.emit(activation, {y})[0];
    auto op = std::make_unique<OneOp>(forward_name, graph, std::vector<Port>{{"x", x}}, std::vector<Port>{{"y", y}},
                                      x_shape[0], choice_of(params));
    op->set_parameters({{"w", w}, {"bias", bias}});
    return PreparedConv2D(std::move(op));
  });
}

void PreparedConv2D::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void PreparedConv2D::set_weights(const ConstTensorView& w, const ConstTensorView& bias) {
  op().set_parameters({{"w", w}, {"bias", bias}});
}

void conv2d(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias, const Conv2DParams& params,
            const TensorView& y) {
  require_apart(forward_name, "y", y, "w", w);
  require_apart(forward_name, "y", y, "bias", bias);
  prepare_conv2d(x.shape(), params, w, bias).run(x, y);
}

PreparedConv2DBackward prepare_conv2d_backward(const Shape& x_shape, const Conv2DParams& params,
                                               const ConstTensorView& w, const WantedGradients& wanted) {
  return named(backward_name, [&] {
    require_linear(params.activation);
    require_some(backward_name, wanted);
    const ops::Window2D window = window_of(backward_name, x_shape, params, w, {});
    const ops::Extent2D out = window.out(extent_of_batch(x_shape));
    plan::Graph graph;
    const plan::ValueId dy = graph.add_input("dy", {{out.height, out.width, w.shape()[3]}});
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0, params.groups);
    const plan::ValueId transposed =
        wanted.dx ? graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0] : plan::no_value;
    const auto outputs =
        graph.emit(std::make_shared<ops::Conv2DBackward>(window, w.shape(), params.groups), {dy, x, transposed});
    auto op = std::make_unique<OneOp>(backward_name, graph, backward_inputs(dy, x, wanted),
                                      gradient_ports(outputs, wanted), x_shape[0], choice_of(params));
    op->set_parameters({{"w", w}});
    return PreparedConv2DBackward(std::move(op));
  });
}

void PreparedConv2DBackward::run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients) {
  op().run({dy, x}, {gradients.dx, gradients.dw, gradients.db});
}

void PreparedConv2DBackward::set_weights(const ConstTensorView& w) {
  op().set_parameters({{"w", w}});
}

void conv2d_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                     const Conv2DParams& params, const Gradients& gradients) {
  require_apart_from_weights(backward_name, w, gradients);
  prepare_conv2d_backward(x_shape_of(backward_name, x, gradients), params, w, wanted_by(gradients))
      .run(dy, x, gradients);
}

}  // namespace tilewise
