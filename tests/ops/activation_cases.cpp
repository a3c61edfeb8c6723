#include <algorithm>

#include "ops/activation.hpp"
#include "ops/elementwise.hpp"
#include "ops/op_cases.hpp"

namespace tilewise::test {

namespace {

/// An activation of one tensor, of numbers up to six times as large as those that are drawn.
OpCase forward(Pick& pick, std::shared_ptr<const ops::Op> op, std::function<Inputs(const Inputs&)> definition = {}) {
  const ops::TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(5);
  Values x = pick.values(spec, batch);
  const auto scale = static_cast<double>(pick(1, 6));
  for (double& value : x) value *= scale;
  return {std::move(op), {spec}, {x}, batch, std::move(definition), {}, {0}};
}

/// Its backward op, of a gradient and the activation's output.
OpCase backward(Pick& pick, std::shared_ptr<const ops::Op> op, std::function<Inputs(const Inputs&)> definition) {
  const ops::TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(5);
  return {
      std::move(op), {spec, spec}, {pick.values(spec, batch), pick.values(spec, batch)}, batch, std::move(definition)};
}

/// Whole numbers stay whole, or become multiples of a quarter.
double slope(Pick& pick) {
  return static_cast<double>(pick(0, 8)) / 4;
}

OpCase draw_tanh(Pick& pick) {
  return forward(pick, std::make_shared<ops::Tanh>());
}
OpCase draw_tanh_backward(Pick& pick) {
  return backward(pick, std::make_shared<ops::TanhBackward>(),
                  by_element([](const Inputs& in, std::size_t i) { return in[0][i] * (1 - in[1][i] * in[1][i]); }));
}
OpCase draw_sigmoid(Pick& pick) {
  return forward(pick, std::make_shared<ops::Sigmoid>());
}
OpCase draw_sigmoid_backward(Pick& pick) {
  return backward(pick, std::make_shared<ops::SigmoidBackward>(),
                  by_element([](const Inputs& in, std::size_t i) { return in[0][i] * in[1][i] * (1 - in[1][i]); }));
}
OpCase draw_leaky_relu(Pick& pick) {
  const double of_negative = slope(pick);
  return forward(pick, std::make_shared<ops::LeakyRelu>(of_negative), by_element([=](const Inputs& in, std::size_t i) {
                   return in[0][i] > 0 ? in[0][i] : of_negative * in[0][i];
                 }));
}
OpCase draw_leaky_relu_backward(Pick& pick) {
  const double of_negative = slope(pick);
  return backward(
      pick, std::make_shared<ops::LeakyReluBackward>(of_negative),
      by_element([=](const Inputs& in, std::size_t i) { return in[1][i] > 0 ? in[0][i] : of_negative * in[0][i]; }));
}
OpCase draw_relu(Pick& pick) {
  return forward(pick, std::make_shared<ops::Relu>(),
                 by_element([](const Inputs& in, std::size_t i) { return std::max(in[0][i], 0.0); }));
}
OpCase draw_relu_backward(Pick& pick) {
  return backward(pick, std::make_shared<ops::ReluBackward>(),
                  by_element([](const Inputs& in, std::size_t i) { return in[1][i] > 0 ? in[0][i] : 0; }));
}

}  // namespace

std::vector<DrawnOp> activation_ops() {
  return {{"tanh", draw_tanh},
          {"tanh_backward", draw_tanh_backward},
          {"sigmoid", draw_sigmoid},
          {"sigmoid_backward", draw_sigmoid_backward},
          {"leaky_relu", draw_leaky_relu},
          {"leaky_relu_backward", draw_leaky_relu_backward},
          {"relu", draw_relu},
          {"relu_backward", draw_relu_backward}};
}

}  // namespace tilewise::test
