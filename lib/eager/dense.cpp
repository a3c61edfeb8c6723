#include "ops/dense.hpp"

#include "eager/build.hpp"
#include "ops/activation.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *forward_name = "dense", *backward_name = "dense_backward";

void check_ranks(const std::string& op, const Shape& x, const ConstTensorView& w, const ConstTensorView& bias) {
  require_rank(op, "x", x, 2, vector_axes);
  require_given(op, "w", w);
  require_rank(op, "w", w.shape(), 2, "in x out");
  require_weights_fit(op, w, x[1], bias);
}

}  // namespace

PreparedDense prepare_dense(const Shape& x_shape, Activation activation, const ConstTensorView& w,
                            const ConstTensorView& bias) {
  return named(forward_name, [&] {
    check_ranks(forward_name, x_shape, w, bias);
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0);
    const plan::ValueId offset = bias.is_given() ? graph.add_parameter("bias", bias.shape(), 1) : plan::no_value;
    plan::ValueId y = graph.emit(std::make_shared<ops::Dense>(), {x, kernel, offset})[0];
    if (const auto emitted = ops::activation_op(activation)) y = graph.emit(emitted, {y})[0];
    auto op = std::make_unique<OneOp>(forward_name, graph, std::vector<Port>{{"x", x}}, std::vector<Port>{{"y", y}},
                                      x_shape[0]);
    op->set_parameters({{"w", w}, {"bias", bias}});
    return PreparedDense(std::move(op));
  });
}

void PreparedDense::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void PreparedDense::set_weights(const ConstTensorView& w, const ConstTensorView& bias) {
  op().set_parameters({{"w", w}, {"bias", bias}});
}

void dense(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias, Activation activation,
           const TensorView& y) {
  require_apart(forward_name, "y", y, "w", w);
  require_apart(forward_name, "y", y, "bias", bias);
  prepare_dense(x.shape(), activation, w, bias).run(x, y);
}

PreparedDenseBackward prepare_dense_backward(const Shape& x_shape, const ConstTensorView& w,
                                             const WantedGradients& wanted) {
  return named(backward_name, [&] {
    require_some(backward_name, wanted);
    check_ranks(backward_name, x_shape, w, {});
    plan::Graph graph;
    const plan::ValueId dy = graph.add_input("dy", {{w.shape()[1]}});
    const plan::ValueId x = graph.add_input("x", {sample_of(x_shape)});
    const plan::ValueId kernel = graph.add_parameter("w", w.shape(), 0);
    const auto outputs =
        graph.emit(std::make_shared<ops::DenseBackward>(), {dy, x, wanted.dx ? kernel : plan::no_value});
    auto op = std::make_unique<OneOp>(backward_name, graph, backward_inputs(dy, x, wanted),
                                      gradient_ports(outputs, wanted), x_shape[0]);
    op->set_parameters({{"w", w}});
    return PreparedDenseBackward(std::move(op));
  });
}

void PreparedDenseBackward::run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients) {
  op().run({dy, x}, {gradients.dx, gradients.dw, gradients.db});
}

void PreparedDenseBackward::set_weights(const ConstTensorView& w) {
  op().set_parameters({{"w", w}});
}

void dense_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                    const Gradients& gradients) {
  require_apart_from_weights(backward_name, w, gradients);
  prepare_dense_backward(x_shape_of(backward_name, x, gradients), w, wanted_by(gradients)).run(dy, x, gradients);
}

}  // namespace tilewise
