#pragma once

#include <cstdint>

#include "tilewise/ops/prepared.hpp"
#include "tilewise/options.hpp"

namespace tilewise {

struct Conv2DParams {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;
  std::int64_t groups = 1;         ///< of input and of output channels, each group a convolution of its own
  Activation activation = linear;  ///< not softmax; backward only linear (see activate_backward)
};

class PreparedConv2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  /// Other values for the same shapes; the bias is given if it was when prepared.
  void set_weights(const ConstTensorView& w, const ConstTensorView& bias);
};

/// x {n, H, W, C_in}, w {h, w, C_in / groups, C_out}, bias {C_out} or left out, y {n, H', W', C_out}: y[i][p][q][o] =
/// activation(bias[o] + sum over r, c, k of x[i][p*stride + r*dilation - top][q*stride + c*dilation - left][k] *
/// w[r][c][k][o]), taps in the padding left out. k counts the channels of the group of o, which is o / (C_out /
/// groups).
void conv2d(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias, const Conv2DParams& params,
            const TensorView& y);
PreparedConv2D prepare_conv2d(const Shape& x_shape, const Conv2DParams& params, const ConstTensorView& w,
                              const ConstTensorView& bias = {});

class PreparedConv2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// `gradients` has those that were wanted when prepared, and no others. x may be left out if dw is not among them.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients);
  void set_weights(const ConstTensorView& w);
};

/// The gradients of conv2d's x, w and bias (each shaped as that) from the gradient dy of its y. Sums over the batch for
/// dw and db. With dx alone this is the transposed convolution.
void conv2d_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                     const Conv2DParams& params, const Gradients& gradients);
PreparedConv2DBackward prepare_conv2d_backward(const Shape& x_shape, const Conv2DParams& params,
                                               const ConstTensorView& w, const WantedGradients& wanted = {});

}  // namespace tilewise
