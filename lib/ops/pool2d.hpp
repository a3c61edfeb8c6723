#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// input: {H, W, C} batched. outputs: {H', W', C}; the index of each maximum's position in its window, u8 (u32 beyond
/// kernels::max_u8_positions), which may be unwanted.
class MaxPool2D final : public Op {
 public:
  explicit MaxPool2D(const Window2D& window) : window_(window) {}
  const Window2D& window() const noexcept { return window_; }

  std::string_view kind() const noexcept override { return "max_pool2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Window2D window_;
};

/// inputs: out_gradient {H', W', C}; index, in which a dead one (kernels::dead_index_u8) passes no gradient on. output:
/// the gradient {H, W, C}, exact zeros where no window reaches.
class MaxPool2DBackward final : public Op {
 public:
  MaxPool2DBackward(const Window2D& window, const Shape& image) : window_(window), image_(image) {}
  const Window2D& window() const noexcept { return window_; }

  std::string_view kind() const noexcept override { return "max_pool2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Window2D window_;
  Shape image_;
};

/// input: {H, W, C} batched. output: {H', W', C}, the sum of what a window covers divided by the number of its
/// positions on the image and on the `counted` rows and columns of padding round it: none in Keras, the whole padding
/// in PyTorch.
class AveragePool2D final : public Op {
 public:
  explicit AveragePool2D(const Window2D& window, const Sides& counted = {}) : window_(window), counted_(counted) {}

  std::string_view kind() const noexcept override { return "average_pool2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Window2D window_;
  Sides counted_;
};

/// input: out_gradient {H', W', C}. output: {H, W, C}: each gradient, divided as in AveragePool2D, to all that its
/// window covers.
class AveragePool2DBackward final : public Op {
 public:
  AveragePool2DBackward(const Window2D& window, const Shape& image, const Sides& counted = {})
      : window_(window), counted_(counted), image_(image) {}

  std::string_view kind() const noexcept override { return "average_pool2d_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Window2D window_;
  Sides counted_;
  Shape image_;
};

}  // namespace tilewise::ops
