#pragma once

#include <cstdint>
#include <memory>

#include "tilewise/options.hpp"
#include "tilewise/view.hpp"

/// Single operations on the caller's own buffers, without a model.
///
/// Tensors are float32, batch first: images NHWC, kernels HWIO, vectors batch x features. A dense view is read and
/// written in place; any other is gathered and scattered through a buffer of the operation. Results overwrite what was
/// there. Every function throws ShapeError where shapes do not fit, an output's view has elements that share memory, or
/// a window exceeds the padded image; ArgumentError where a view is missing or an output may share memory with another
/// view of the call (their ranges from first to last element are compared). Nothing has been written then.
///
/// A prepared operation packs its weights once, with the isa() and the threads() of that moment, and allocates all that
/// it needs; its run() allocates nothing, and takes any batch up to the one it was prepared for. It may be moved, and
/// run by one thread at a time; operations apart may run at the same time. The plain functions prepare, run and forget.
namespace tilewise {

namespace eager {
class OneOp;
}

/// What the prepared operations have in common.
class PreparedOp {
 public:
  /// For the prepare functions.
  explicit PreparedOp(std::unique_ptr<eager::OneOp> op);
  PreparedOp(PreparedOp&&) noexcept;
  PreparedOp& operator=(PreparedOp&&) noexcept;
  ~PreparedOp();
  /// The shape of the (first) result for the whole batch that it was prepared for.
  Shape result_shape() const;

 protected:
  /// Throws ArgumentError after a move away.
  eager::OneOp& op() const;

 private:
  std::unique_ptr<eager::OneOp> op_;
};

struct Conv2DParams {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;
  Activation activation = linear;  ///< linear or relu; backward only linear (see activate_backward)
};

class PreparedConv2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  /// Other values for the same shapes; the bias is given if it was when prepared.
  void set_weights(const ConstTensorView& w, const ConstTensorView& bias);
};

/// x {n, H, W, C_in}, w {h, w, C_in, C_out}, bias {C_out} or left out, y {n, H', W', C_out}: y[i][p][q][o] =
/// activation(bias[o] + sum over r, c, k of x[i][p*stride + r*dilation - top][q*stride + c*dilation - left][k] *
/// w[r][c][k][o]), taps in the padding left out.
void conv2d(const ConstTensorView& x, const ConstTensorView& w, const ConstTensorView& bias, const Conv2DParams& params,
            const TensorView& y);
PreparedConv2D prepare_conv2d(const Shape& x_shape, const Conv2DParams& params, const ConstTensorView& w,
                              const ConstTensorView& bias = {});

/// Which gradients a prepared backward operation computes.
struct WantedGradients {
  bool dx = true, dw = true, db = true;
};

/// Where gradients go; one left out is not computed.
struct Gradients {
  TensorView dx = {}, dw = {}, db = {};
};

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

struct Pool2DParams {
  Size2D window = 2;
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
};

class PreparedMaxPool2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
  void run(const ConstTensorView& x, const TensorView& y, const View<std::uint8_t>& index);
  void run(const ConstTensorView& x, const TensorView& y, const View<std::uint32_t>& index);
};

/// x {n, H, W, C}, y {n, H', W', C}: the largest value of each window; padding never wins, NaN does. index, shaped as
/// y, if wanted: the position in the window (row * window width + column), of equal values the first; u8 for windows of
/// up to 254 positions, u32 for larger ones.
void max_pool2d(const ConstTensorView& x, const Pool2DParams& params, const TensorView& y);
void max_pool2d(const ConstTensorView& x, const Pool2DParams& params, const TensorView& y,
                const View<std::uint8_t>& index);
void max_pool2d(const ConstTensorView& x, const Pool2DParams& params, const TensorView& y,
                const View<std::uint32_t>& index);
PreparedMaxPool2D prepare_max_pool2d(const Shape& x_shape, const Pool2DParams& params);

class PreparedMaxPool2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const View<const std::uint8_t>& index, const TensorView& dx);
  void run(const ConstTensorView& dy, const View<const std::uint32_t>& index, const TensorView& dx);
};

/// dx {n, H, W, C}: each dy added where max_pool2d's index says; zeros elsewhere.
void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint8_t>& index, const Pool2DParams& params,
                         const TensorView& dx);
void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint32_t>& index, const Pool2DParams& params,
                         const TensorView& dx);
PreparedMaxPool2DBackward prepare_max_pool2d_backward(const Shape& x_shape, const Pool2DParams& params);

class PreparedAveragePool2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// x {n, H, W, C}, y {n, H', W', C}: the mean of each window, padding left out of the count.
void average_pool2d(const ConstTensorView& x, const Pool2DParams& params, const TensorView& y);
PreparedAveragePool2D prepare_average_pool2d(const Shape& x_shape, const Pool2DParams& params);

class PreparedAveragePool2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const TensorView& dx);
};

/// dx {n, H, W, C}: each dy spread evenly over its window.
void average_pool2d_backward(const ConstTensorView& dy, const Pool2DParams& params, const TensorView& dx);
PreparedAveragePool2DBackward prepare_average_pool2d_backward(const Shape& x_shape, const Pool2DParams& params);

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

class PreparedActivation : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// y = relu(x) = max(x, 0), any shape, NaN stays; or y = softmax(x) = exp(x) over its sum, x {n, classes}, stable for
/// any finite x. linear is refused.
void activate(const ConstTensorView& x, Activation activation, const TensorView& y);
PreparedActivation prepare_activation(const Shape& x_shape, Activation activation);

class PreparedActivationBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const ConstTensorView& y, const TensorView& dx);
};

/// The gradient of activate's x from the gradient dy of its y, and y itself.
void activate_backward(const ConstTensorView& dy, const ConstTensorView& y, Activation activation,
                       const TensorView& dx);
PreparedActivationBackward prepare_activation_backward(const Shape& x_shape, Activation activation);

class PreparedAdd : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y);
};

/// y = a + b, all of one shape.
void add(const ConstTensorView& a, const ConstTensorView& b, const TensorView& y);
PreparedAdd prepare_add(const Shape& shape);

}  // namespace tilewise
