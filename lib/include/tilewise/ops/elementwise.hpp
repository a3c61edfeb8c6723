#pragma once

#include <cstdint>

#include "tilewise/ops/prepared.hpp"
#include "tilewise/options.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// activate() for many calls on the same shapes.
class PreparedActivation : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// y = relu(x) = max(x, 0), tanh(x) or sigmoid(x) = 1 / (1 + exp(-x)), any shape, NaN stays; or y = softmax(x) = exp(x)
/// over its sum, x {n, classes}, stable for any finite x. linear is refused.
void activate(const ConstTensorView& x, Activation activation, const TensorView& y);
PreparedActivation prepare_activation(const Shape& x_shape, Activation activation);

/// activate_backward() for many calls on the same shapes.
class PreparedActivationBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx);
};

/// The gradient of activate's x from the gradient dy of its y, and y itself.
void activate_backward(const ConstTensorView& dy, const ConstTensorView& y, Activation activation,
                       const TensorView& dx);
PreparedActivationBackward prepare_activation_backward(const Shape& x_shape, Activation activation);

/// leaky_relu() for many calls on the same shapes.
class PreparedLeakyRelu : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// y = x above zero, else slope * x; any shape. The slope is finite and at least 0.
void leaky_relu(const ConstTensorView& x, double slope, const TensorView& y);
PreparedLeakyRelu prepare_leaky_relu(const Shape& x_shape, double slope);

/// leaky_relu_backward() for many calls on the same shapes.
class PreparedLeakyReluBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx);
};

/// The gradient of leaky_relu's x from the gradient dy of its y, and y itself.
void leaky_relu_backward(const ConstTensorView& dy, const ConstTensorView& y, double slope, const TensorView& dx);
PreparedLeakyReluBackward prepare_leaky_relu_backward(const Shape& x_shape, double slope);

/// dropout() for many calls on the same shapes.
class PreparedDropout : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, std::int32_t step, const TensorView& y);
};

/// Each element of x, any shape, zero with probability `rate`, 0 <= rate < 1, and the others scaled by 1 / (1 - rate).
/// What is dropped depends on (seed, step, sample, element) only, so the gradient is the same call on dy.
void dropout(const ConstTensorView& x, double rate, std::uint64_t seed, std::int32_t step, const TensorView& y);
PreparedDropout prepare_dropout(const Shape& x_shape, double rate, std::uint64_t seed);

/// add() for many calls on the same shapes.
class PreparedAdd : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y);
};

/// y = a + b, all of one shape.
void add(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y);
PreparedAdd prepare_add(const Shape& shape);

/// y = x, of one shape. With strides this pads, crops, joins and transposes: into a view that begins at channel 3 of a
/// wider y, x becomes its channels from 3 on. Needs no preparation; allocates only if neither view is dense.
void copy(const ConstTensorView& x, const TensorView& y);

}  // namespace tilewise
#pragma GCC visibility pop
