#pragma once

#include <optional>

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

struct Conv2DAttributes {
  Window2D window;
  kernels::Activation activation = kernels::Activation::none;
  /// A max-pool of the activated result, one that can_pool().
  std::optional<Window2D> pool = {};
  /// Input and output channels in so many groups, each output of its own group's inputs only.
  std::int64_t groups = 1;
  /// Whether Winograd's F(2x2, 3x3) in registers computes what Conv3x3Pool does: not the same bits, but the same error.
  bool winograd = false;
};

/// inputs: image {H, W, C_in} batched; kernel {kh, kw, C_in / groups, C_out} and bias {C_out} or no_value,
/// packed in the groups.
/// outputs: {H', W', C_out}; with pool also its index (u8) of the same shape, in which an output that a ReLU zeroed is
/// kernels::dead_index_u8.
class Conv2D final : public Op {
 public:
  explicit Conv2D(const Conv2DAttributes& attributes) : attributes_(attributes) {}
  const Conv2DAttributes& attributes() const noexcept { return attributes_; }
  /// Whether a max-pool can be Conv2DAttributes::pool: what kernel conv_tile does.
  static bool can_pool(const Window2D& pool) noexcept;

  std::string_view kind() const noexcept override { return "conv2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  /// Only without activation and pool: fusing comes after differentiating.
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;

 private:
  /// Of what Conv3x3Pool does.
  Step lower_pooled(const LowerRequest& request) const;

  Conv2DAttributes attributes_;
};

/// The adjoint of Conv2D without activation and pool.
/// inputs: out_gradient {H', W', C_out}; image {H, W, C_in}; kernel transposed (TransposeWeights) or no_value; the
/// shapes come from `image` and `kernel_shape`. outputs: image gradient {H, W, C_in}; kernel gradient, packed; bias
/// gradient {C_out}, packed. Each may be unwanted.
class Conv2DBackward final : public Op {
 public:
  Conv2DBackward(const Window2D& window, const Shape& kernel_shape, std::int64_t groups = 1)
      : window_(window), kernel_shape_(kernel_shape), groups_(groups) {}
  const Window2D& window() const noexcept { return window_; }
  const Shape& kernel_shape() const noexcept { return kernel_shape_; }
  std::int64_t groups() const noexcept { return groups_; }

  std::string_view kind() const noexcept override { return "conv2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  Window2D window_;
  Shape kernel_shape_;
  std::int64_t groups_;
};

}  // namespace tilewise::ops
