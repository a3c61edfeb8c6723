#pragma once

#include "tilewise/ops/prepared.hpp"
#include "tilewise/options.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// dense() for many calls on the same shapes.
class PreparedDense : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  void set_weights(const ConstTensorView& w, const ConstTensorView& bias);
};

/// x {n, in}, w {in, out}, bias {out} or left out, y {n, out}: y[i][o] = activation(bias[o] + sum over k of x[i][k] *
/// w[k][o]).
void dense(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias, Activation activation,
           const TensorView& y);
PreparedDense prepare_dense(const Shape& x_shape, Activation activation, const ConstTensorView& w,
                            const ConstTensorView& bias = {});

/// dense_backward() for many calls on the same shapes.
class PreparedDenseBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// As PreparedConv2DBackward::run.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients);
  void set_weights(const ConstTensorView& w);
};

/// The gradients of dense's x, w and bias, without activation, from the gradient dy of its y.
void dense_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                    const Gradients& gradients);
PreparedDenseBackward prepare_dense_backward(const Shape& x_shape, const ConstTensorView& w,
                                             const WantedGradients& wanted = {});

}  // namespace tilewise
#pragma GCC visibility pop
