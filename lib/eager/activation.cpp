#include "ops/activation.hpp"

#include "eager/build.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *activate_name = "activate", *activate_backward_name = "activate_backward",
                     *leaky_relu_name = "leaky_relu", *leaky_relu_backward_name = "leaky_relu_backward";

std::shared_ptr<const ops::Op> activation_of(const std::string& op, Activation activation) {
  auto made = ops::activation_op(activation);
  if (!made) throw ArgumentError(op + ": activation linear; expected one that computes something");
  return made;
}

std::unique_ptr<OneOp> prepare_forward(const std::string& name, const Shape& x_shape,
                                       const std::shared_ptr<const ops::Op>& op) {
  plan::Graph graph;
  const plan::ValueId x = graph.add_input("x", {sample_of_any(name, x_shape)});
  const plan::ValueId y = graph.emit(op, {x})[0];
  return std::make_unique<OneOp>(name, graph, std::vector<Port>{{"x", x}}, std::vector<Port>{{"y", y}}, x_shape[0]);
}

std::unique_ptr<OneOp> prepare_backward(const std::string& name, const Shape& x_shape, const ops::Op& op) {
  plan::Graph graph;
  const ops::TensorSpec spec{sample_of_any(name, x_shape)};
  const plan::ValueId dy = graph.add_input("dy", spec), y = graph.add_input("y", spec);
  // An op whose backward reads its input, not its result, refuses the input that is not there.
  const plan::ValueId dx = op.backward(graph, {{plan::no_value}, {y}, {dy}, {true}})[0];
  return std::make_unique<OneOp>(name, graph, std::vector<Port>{{"dy", dy}, {"y", y}}, std::vector<Port>{{"dx", dx}},
                                 x_shape[0]);
}

}  // namespace

PreparedActivation prepare_activation(const Shape& x_shape, Activation activation) {
  return named(activate_name, [&] {
    return PreparedActivation(prepare_forward(activate_name, x_shape, activation_of(activate_name, activation)));
  });
}

void PreparedActivation::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void activate(const ConstTensorView& x, Activation activation, const TensorView& y) {
  prepare_activation(x.shape(), activation).run(x, y);
}

PreparedActivationBackward prepare_activation_backward(const Shape& x_shape, Activation activation) {
  constexpr const char* name = activate_backward_name;
  return named(name, [&] {
    return PreparedActivationBackward(prepare_backward(name, x_shape, *activation_of(name, activation)));
  });
}

void PreparedActivationBackward::run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx) {
  op().run({dy, y}, {dx});
}

void activate_backward(const ConstTensorView& dy, const ConstTensorView& y, Activation activation,
                       const TensorView& dx) {
  prepare_activation_backward(dy.shape(), activation).run(dy, y, dx);
}

PreparedLeakyRelu prepare_leaky_relu(const Shape& x_shape, double slope) {
  return named(leaky_relu_name, [&] {
    return PreparedLeakyRelu(prepare_forward(leaky_relu_name, x_shape, std::make_shared<ops::LeakyRelu>(slope)));
  });
}

void PreparedLeakyRelu::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void leaky_relu(const ConstTensorView& x, double slope, const TensorView& y) {
  prepare_leaky_relu(x.shape(), slope).run(x, y);
}

PreparedLeakyReluBackward prepare_leaky_relu_backward(const Shape& x_shape, double slope) {
  constexpr const char* name = leaky_relu_backward_name;
  return named(name, [&] { return PreparedLeakyReluBackward(prepare_backward(name, x_shape, ops::LeakyRelu(slope))); });
}

void PreparedLeakyReluBackward::run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx) {
  op().run({dy, y}, {dx});
}

void leaky_relu_backward(const ConstTensorView& dy, const ConstTensorView& y, double slope, const TensorView& dx) {
  prepare_leaky_relu_backward(dy.shape(), slope).run(dy, y, dx);
}

}  // namespace tilewise
