#pragma once

#include "ops/op.hpp"

/// How gradients are kept small before an optimizer sees them.
namespace tilewise::ops {

/// Each element kept within [-limit, limit]; NaN stays.
class Clip final : public Op {
 public:
  explicit Clip(double limit) : limit_(limit) {}

  std::string_view kind() const noexcept override { return "clip"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }

 private:
  double limit_;
};

/// inputs: a tensor; a factor, {1} plain. output: their product.
class Scale final : public Op {
 public:
  std::string_view kind() const noexcept override { return "scale"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// inputs: packed tensors. outputs, {1} plain: limit / max(norm, limit), norm being the root of the sum of squares, for
/// each input or, if global, one for all of them. NaN where the norm is not finite, so that nothing hides it. Squares
/// are summed for each output channel over slots of rows, these in their order: bits do not depend on the packing.
class NormScales final : public Op {
 public:
  NormScales(double limit, bool global) : limit_(limit), global_(global) {}

  std::string_view kind() const noexcept override { return "norm_scales"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  double limit_;
  bool global_;
};

}  // namespace tilewise::ops
