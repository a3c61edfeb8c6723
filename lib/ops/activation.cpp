#include "ops/activation.hpp"

#include <cmath>
#include <limits>

#include "ops/classification.hpp"
#include "ops/elementwise.hpp"
#include "ops/over_elements.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

void expect_real(const Op& op, const LowerRequest& request) {
  if (request.kernels.scalar() == Scalar::i64)
    throw ArgumentError(std::string(op.kind()) + " has no integer form; expected floats");
}

void expect_slope(const Op& op, double slope) {
  constexpr double largest = std::numeric_limits<float>::max();
  if (!(slope >= 0 && slope <= largest))
    throw ArgumentError(std::string(op.kind()) + ": a slope of " + std::to_string(slope) +
                        "; expected a finite one of at least 0, within a float's range");
}

void expect_representable(const Op& op, const LowerRequest& request, double slope) {
  constexpr double largest_exact = 0x1p53;
  if (request.kernels.scalar() == Scalar::i64 && (slope != std::floor(slope) || slope > largest_exact))
    throw ArgumentError(std::string(op.kind()) + ": a slope of " + std::to_string(slope) +
                        " in a plan of integers; expected a whole one of at most 2^53");
}

/// One phase that calls f(table, tensors, first element, number of elements).
template <class F>
Step elementwise(const LowerRequest& request, const char* name, F f) {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{"",
                {over_elements(name, request.kernels, request.outputs[0],
                               [&table, f](Tensors tensors, std::int64_t begin, std::int64_t count) {
                                 f(table, tensors, begin, count);
                               })},
                {}};
  });
}

}  // namespace

std::vector<TensorSpec> Tanh::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 1);
  return {inputs[0]};
}

std::vector<ValueId> Tanh::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<TanhBackward>(), {request.output_gradients[0], request.outputs[0]});
}

Step Tanh::lower(const LowerRequest& request) const {
  expect_real(*this, request);
  return elementwise(
      request, "forward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t begin, std::int64_t count) {
        table.tanh({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 1) + begin, count});
      });
}

std::vector<TensorSpec> TanhBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 2);
  return {inputs[0]};
}

Step TanhBackward::lower(const LowerRequest& request) const {
  return elementwise(
      request, "backward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t begin, std::int64_t count) {
        table.tanh_backward({tensor<const T>(tensors, 1) + begin, tensor<const T>(tensors, 0) + begin,
                             tensor<T>(tensors, 2) + begin, count});
      });
}

std::vector<TensorSpec> Sigmoid::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 1);
  return {inputs[0]};
}

std::vector<ValueId> Sigmoid::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<SigmoidBackward>(), {request.output_gradients[0], request.outputs[0]});
}

Step Sigmoid::lower(const LowerRequest& request) const {
  expect_real(*this, request);
  return elementwise(
      request, "forward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t begin, std::int64_t count) {
        table.sigmoid({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 1) + begin, count});
      });
}

std::vector<TensorSpec> SigmoidBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 2);
  return {inputs[0]};
}

Step SigmoidBackward::lower(const LowerRequest& request) const {
  return elementwise(
      request, "backward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t begin, std::int64_t count) {
        table.sigmoid_backward({tensor<const T>(tensors, 1) + begin, tensor<const T>(tensors, 0) + begin,
                                tensor<T>(tensors, 2) + begin, count});
      });
}

std::vector<TensorSpec> LeakyRelu::infer(const std::vector<TensorSpec>& inputs) const {
  expect_slope(*this, slope_);
  expect_alike(*this, inputs, 1);
  return {inputs[0]};
}

std::vector<ValueId> LeakyRelu::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<LeakyReluBackward>(slope_), {request.output_gradients[0], request.outputs[0]});
}

Step LeakyRelu::lower(const LowerRequest& request) const {
  expect_representable(*this, request, slope_);
  return elementwise(request, "forward",
                     [slope = slope_]<class T>(const kernels::KernelTable<T>& table, Tensors tensors,
                                               std::int64_t begin, std::int64_t count) {
                       table.leaky_relu({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 1) + begin, count,
                                         static_cast<T>(slope)});
                     });
}

std::vector<TensorSpec> LeakyReluBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_slope(*this, slope_);
  expect_alike(*this, inputs, 2);
  return {inputs[0]};
}

Step LeakyReluBackward::lower(const LowerRequest& request) const {
  expect_representable(*this, request, slope_);
  return elementwise(
      request, "backward",
      [slope = slope_]<class T>(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t begin,
                                std::int64_t count) {
        table.leaky_relu_backward({tensor<const T>(tensors, 1) + begin, tensor<const T>(tensors, 0) + begin,
                                   tensor<T>(tensors, 2) + begin, count, static_cast<T>(slope)});
      });
}

std::shared_ptr<const Op> activation_op(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return std::make_shared<Relu>();
    case Activation::softmax:
      return std::make_shared<Softmax>();
    case Activation::tanh:
      return std::make_shared<Tanh>();
    case Activation::sigmoid:
      return std::make_shared<Sigmoid>();
    case Activation::linear:
      break;
  }
  return nullptr;
}

}  // namespace tilewise::ops
