#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tilewise/arithmetic.hpp"
#include "tilewise/ops/prepared.hpp"
#include "tilewise/options.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// What conv2d does besides its weights.
struct Conv2DParams {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;
  std::int64_t groups = 1;         ///< of input and of output channels, each group a convolution of its own
  Activation activation = linear;  ///< not softmax; backward only linear (see activate_backward)
  /// What a 3x3 convolution of stride 1 may do for speed. Transformed weights are made by each call, or once by
  /// prepare_...() and set_weights().
  Arithmetic arithmetic = Arithmetic::standard;
  std::string algorithm = {};  ///< as in CompileOptions
};

/// conv2d() for many calls on the same shapes.
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

/// conv2d_backward() for many calls on the same shapes.
class PreparedConv2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// `gradients` has those that were wanted when prepared, and no others. x may be left out if dw is not among them.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients);
  void set_weights(const ConstTensorView& w);
};

/// The gradients of conv2d's x, w and bias (each shaped as that) from the gradient dy of its y. Sums over the batch for
/// dw and db.
void conv2d_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                     const Conv2DParams& params, const Gradients& gradients);
PreparedConv2DBackward prepare_conv2d_backward(const Shape& x_shape, const Conv2DParams& params,
                                               const ConstTensorView& w, const WantedGradients& wanted = {});

/// What depthwise_conv2d does besides its weights.
struct DepthwiseConv2DParams {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;
  Activation activation = linear;  ///< as in Conv2DParams
};

/// depthwise_conv2d() for many calls on the same shapes.
class PreparedDepthwiseConv2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  void set_weights(const ConstTensorView& w, const ConstTensorView& bias);
};

/// Each channel convolved by itself: x {n, H, W, C}, w {h, w, C, m}, bias {C * m} or left out, y {n, H', W', C * m}.
/// Channel c * m + j of y is conv2d's of channel c of x and filter j of it.
void depthwise_conv2d(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias,
                      const DepthwiseConv2DParams& params, const TensorView& y);
PreparedDepthwiseConv2D prepare_depthwise_conv2d(const Shape& x_shape, const DepthwiseConv2DParams& params,
                                                 const ConstTensorView& w, const ConstTensorView& bias = {});

/// depthwise_conv2d_backward() for many calls on the same shapes.
class PreparedDepthwiseConv2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// As PreparedConv2DBackward::run.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients);
  void set_weights(const ConstTensorView& w);
};

/// The gradients of depthwise_conv2d's x, w and bias, as conv2d_backward gives them.
void depthwise_conv2d_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                               const DepthwiseConv2DParams& params, const Gradients& gradients);
PreparedDepthwiseConv2DBackward prepare_depthwise_conv2d_backward(const Shape& x_shape,
                                                                  const DepthwiseConv2DParams& params,
                                                                  const ConstTensorView& w,
                                                                  const WantedGradients& wanted = {});

/// What conv2d_transpose does besides its weights.
struct Conv2DTransposeParams {
  Size2D stride = 1;
  Padding padding = valid;                    ///< what is cut off: see Conv2DTranspose in layers.hpp
  std::optional<Size2D> output_padding = {};  ///< rows and columns more at the bottom and right
  Size2D dilation = 1;
  Activation activation = linear;  ///< as in Conv2DParams
};

/// conv2d_transpose() for many calls on the same shapes.
class PreparedConv2DTranspose : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  void set_weights(const ConstTensorView& w, const ConstTensorView& bias);
};

/// x {n, H, W, C_in}, w {h, w, C_out, C_in}, bias {C_out} or left out, y {n, H', W', C_out}: each place of x adds its
/// stamp of the kernel to y: y[i][p*stride + r*dilation - top][q*stride + s*dilation - left][o] += sum over k of
/// x[i][p][q][k] * w[r][s][o][k]. H' and W' are those of the layer Conv2DTranspose; result_shape() says them.
void conv2d_transpose(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias,
                      const Conv2DTransposeParams& params, const TensorView& y);
PreparedConv2DTranspose prepare_conv2d_transpose(const Shape& x_shape, const Conv2DTransposeParams& params,
                                                 const ConstTensorView& w, const ConstTensorView& bias = {});

/// conv2d_transpose_backward() for many calls on the same shapes.
class PreparedConv2DTransposeBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// As PreparedConv2DBackward::run.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const Gradients& gradients);
  void set_weights(const ConstTensorView& w);
};

/// The gradients of conv2d_transpose's x, w and bias, as conv2d_backward gives them.
void conv2d_transpose_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& w,
                               const Conv2DTransposeParams& params, const Gradients& gradients);
PreparedConv2DTransposeBackward prepare_conv2d_transpose_backward(const Shape& x_shape,
                                                                  const Conv2DTransposeParams& params,
                                                                  const ConstTensorView& w,
                                                                  const WantedGradients& wanted = {});

}  // namespace tilewise
#pragma GCC visibility pop
