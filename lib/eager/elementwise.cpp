#include "ops/elementwise.hpp"

#include "eager/build.hpp"
#include "ops/activation.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *activate_name = "activate", *backward_name = "activate_backward", *add_name = "add";

Shape sample_of_any(const std::string& op, const Shape& shape) {
  if (shape.rank() < 1) throw ShapeError(op + ": a scalar; expected a batch");
  return sample_of(shape);
}

std::shared_ptr<const ops::Op> activation_of(const std::string& op, Activation activation) {
  auto made = ops::activation_op(activation);
  if (!made) throw ArgumentError(op + ": activation linear; expected one that computes something");
  return made;
}

}  // namespace

PreparedActivation prepare_activation(const Shape& x_shape, Activation activation) {
  return named(activate_name, [&] {
    plan::Graph graph;
    const plan::ValueId x = graph.add_input("x", {sample_of_any(activate_name, x_shape)});
    const plan::ValueId y = graph.emit(activation_of(activate_name, activation), {x})[0];
    return PreparedActivation(std::make_unique<OneOp>(activate_name, graph, std::vector<Port>{{"x", x}},
                                                      std::vector<Port>{{"y", y}}, x_shape[0]));
  });
}

void PreparedActivation::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void activate(const ConstTensorView& x, Activation activation, const TensorView& y) {
  prepare_activation(x.shape(), activation).run(x, y);
}

PreparedActivationBackward prepare_activation_backward(const Shape& x_shape, Activation activation) {
  return named(backward_name, [&] {
    plan::Graph graph;
    const ops::TensorSpec spec{sample_of_any(backward_name, x_shape)};
    const plan::ValueId dy = graph.add_input("dy", spec), y = graph.add_input("y", spec);
    // An op whose backward reads its input, not its result, refuses the input that is not there.
    const plan::ValueId dx =
        activation_of(backward_name, activation)->backward(graph, {{plan::no_value}, {y}, {dy}, {true}})[0];
    return PreparedActivationBackward(std::make_unique<OneOp>(
        backward_name, graph, std::vector<Port>{{"dy", dy}, {"y", y}}, std::vector<Port>{{"dx", dx}}, x_shape[0]));
  });
}

void PreparedActivationBackward::run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx) {
  op().run({dy, y}, {dx});
}

void activate_backward(const ConstTensorView& dy, const ConstTensorView& y, Activation activation,
                       const TensorView& dx) {
  prepare_activation_backward(dy.shape(), activation).run(dy, y, dx);
}

PreparedAdd prepare_add(const Shape& shape) {
  return named(add_name, [&] {
    plan::Graph graph;
    const ops::TensorSpec spec{sample_of_any(add_name, shape)};
    const plan::ValueId a = graph.add_input("a", spec), b = graph.add_input("b", spec);
    const plan::ValueId y = graph.emit(std::make_shared<ops::Add>(), {a, b})[0];
    return PreparedAdd(std::make_unique<OneOp>(add_name, graph, std::vector<Port>{{"a", a}, {"b", b}},
                                               std::vector<Port>{{"y", y}}, shape[0]));
  });
}

void PreparedAdd::run(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y) {
  op().run({a, b}, {y});
}

void add(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y) {
  prepare_add(a.shape()).run(a, b, y);
}

}  // namespace tilewise
