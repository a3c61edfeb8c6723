#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// Each channel convolved by itself, by one filter or by M, output channels c * M to c * M + M - 1 of channel c.
/// inputs: image {H, W, C} batched; kernel {kh, kw, C * M} packed; bias {C * M} packed or no_value.
/// output: {H', W', C * M}.
class DepthwiseConv2D final : public Op {
 public:
  explicit DepthwiseConv2D(const Window2D& window, kernels::Activation activation = kernels::Activation::none)
      : window_(window), activation_(activation) {}
  const Window2D& window() const noexcept { return window_; }
  kernels::Activation activation() const noexcept { return activation_; }

  std::string_view kind() const noexcept override { return "depthwise_conv2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  /// Only without activation: fusing comes after differentiating.
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;

 private:
  Window2D window_;
  kernels::Activation activation_;
};

/// The adjoint of DepthwiseConv2D without activation.
/// inputs: out_gradient {H', W', C * M}; image {H, W, C}; kernel {kh, kw, C * M}, packed. outputs: image gradient
/// {H, W, C}; kernel gradient and bias gradient {C * M}, packed. Each may be unwanted.
class DepthwiseConv2DBackward final : public Op {
 public:
  explicit DepthwiseConv2DBackward(const Window2D& window) : window_(window) {}

  std::string_view kind() const noexcept override { return "depthwise_conv2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  Window2D window_;
};

}  // namespace tilewise::ops
