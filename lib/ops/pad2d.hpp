#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// input: {H, W, C} batched. output: the same with rows and columns of zeros round it.
class Pad2D final : public Op {
 public:
  explicit Pad2D(const Sides& padding) : padding_(padding) {}

  std::string_view kind() const noexcept override { return "pad2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Sides padding_;
};

/// input: {H, W, C} batched. output: the same without rows and columns at its sides. What goes back through a Pad2D.
class Crop2D final : public Op {
 public:
  explicit Crop2D(const Sides& cropping) : cropping_(cropping) {}

  std::string_view kind() const noexcept override { return "crop2d"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  Sides cropping_;
};

}  // namespace tilewise::ops
