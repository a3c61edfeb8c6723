#pragma once

#include <cstdint>

#include "tilewise/ops/prepared.hpp"
#include "tilewise/options.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// The window of max_pool2d.
struct MaxPool2DParams {
  Size2D window = 2;
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
  bool ceil_mode = false;  ///< output extents rounded up: see MaxPool2D in layers.hpp
};

/// max_pool2d() for many calls on the same shapes.
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
void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y);
void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y,
                const View<std::uint8_t>& index);
void max_pool2d(const ConstTensorView& x, const MaxPool2DParams& params, const TensorView& y,
                const View<std::uint32_t>& index);
PreparedMaxPool2D prepare_max_pool2d(const Shape& x_shape, const MaxPool2DParams& params);

/// max_pool2d_backward() for many calls on the same shapes.
class PreparedMaxPool2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const View<const std::uint8_t>& index, const TensorView& dx);
  void run(const ConstTensorView& dy, const View<const std::uint32_t>& index, const TensorView& dx);
};

/// dx {n, H, W, C}: each dy added where max_pool2d's index says; zeros elsewhere.
void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint8_t>& index,
                         const MaxPool2DParams& params, const TensorView& dx);
void max_pool2d_backward(const ConstTensorView& dy, const View<const std::uint32_t>& index,
                         const MaxPool2DParams& params, const TensorView& dx);
PreparedMaxPool2DBackward prepare_max_pool2d_backward(const Shape& x_shape, const MaxPool2DParams& params);

/// The window of average_pool2d.
struct AveragePool2DParams {
  Size2D window = 2;
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
  bool ceil_mode = false;          ///< output extents rounded up
  bool count_include_pad = false;  ///< whether padding counts as zeros
};

/// average_pool2d() for many calls on the same shapes.
class PreparedAveragePool2D : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// x {n, H, W, C}, y {n, H', W', C}: the mean of each window, padding left out of the count
/// unless count_include_pad is set. With the image as its window it is the global one.
void average_pool2d(const ConstTensorView& x, const AveragePool2DParams& params, const TensorView& y);
PreparedAveragePool2D prepare_average_pool2d(const Shape& x_shape, const AveragePool2DParams& params);

/// average_pool2d_backward() for many calls on the same shapes.
class PreparedAveragePool2DBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& dy, const TensorView& dx);
};

/// dx {n, H, W, C}: each dy spread evenly over its window.
void average_pool2d_backward(const ConstTensorView& dy, const AveragePool2DParams& params, const TensorView& dx);
PreparedAveragePool2DBackward prepare_average_pool2d_backward(const Shape& x_shape, const AveragePool2DParams& params);

}  // namespace tilewise
#pragma GCC visibility pop
