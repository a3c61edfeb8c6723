#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// The adjoint, in its image, of a convolution: every place of the image adds its kernel-sized stamp to the result.
///   y[p*stride + r*dilation - top][q*stride + s*dilation - left][n] += sum over k of x[p][q][k] * kernel[r][s][n][k]
/// where that lies within the result, whose extent is Window2D::transposed_out's; then bias and activation.
/// inputs: image {H, W, C_in} batched; kernel {kh, kw, C_out, C_in} packed, which only gradients ask for; the same
/// through TransposeWeights; bias {C_out} packed or no_value. output: {H', W', C_out}.
class Conv2DTranspose final : public Op {
 public:
  explicit Conv2DTranspose(const Window2D& window, Extent2D output_padding = {0, 0},
                           kernels::Activation activation = kernels::Activation::none)
      : window_(window), output_padding_(output_padding), activation_(activation) {}
  kernels::Activation activation() const noexcept { return activation_; }
  std::shared_ptr<const Conv2DTranspose> with(kernels::Activation activation) const {
    return std::make_shared<Conv2DTranspose>(window_, output_padding_, activation);
  }

  std::string_view kind() const noexcept override { return "conv2d_transpose"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  /// Only without activation: fusing comes after differentiating.
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;

 private:
  Window2D window_;
  Extent2D output_padding_;
  kernels::Activation activation_;
};

/// The adjoint of Conv2DTranspose without activation: the convolution itself, and its backward-weights with image and
/// gradient in each other's place.
/// inputs: out_gradient {H', W', C_out}; image {H, W, C_in}; kernel {kh, kw, C_out, C_in} packed. outputs: image
/// gradient {H, W, C_in}; kernel gradient, packed; bias gradient {C_out}, packed. Each may be unwanted.
class Conv2DTransposeBackward final : public Op {
 public:
  explicit Conv2DTransposeBackward(const Window2D& window, Extent2D output_padding = {0, 0})
      : window_(window), output_padding_(output_padding) {}

  std::string_view kind() const noexcept override { return "conv2d_transpose_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  Window2D window_;
  Extent2D output_padding_;
};

}  // namespace tilewise::ops
