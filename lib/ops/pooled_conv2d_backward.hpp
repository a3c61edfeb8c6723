#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// MaxPool2DBackward and Conv2DBackward in one, where nobody wants the image's gradient: the map between them, three
/// quarters of it zeros, is not made.
/// inputs: out_gradient {H'', W'', C_out}; the max-pool's index; image {H, W, C_in}.
/// outputs: kernel gradient, packed; bias gradient {C_out}, packed. Each may be unwanted.
class PooledConv2DBackward final : public Op {
 public:
  PooledConv2DBackward(const Window2D& window, const Window2D& pool, const Shape& kernel_shape)
      : window_(window), pool_(pool), kernel_shape_(kernel_shape) {}
  /// Whether it is one for this op: pools of 2x2 that do not overlap, a small window without dilation, and few channels
  /// in. With many, the unpooled map costs little beside the convolution.
  static bool can_do(const Window2D& window, const Window2D& pool, const Shape& kernel_shape,
                     std::int64_t groups) noexcept;

  std::string_view kind() const noexcept override { return "pooled_conv2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  Window2D window_, pool_;
  Shape kernel_shape_;
};

}  // namespace tilewise::ops
