#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// inputs: {in} batched; kernel {in, out} packed; bias {out} packed or no_value. output: {out} batched.
class Dense final : public Op {
 public:
  explicit Dense(kernels::Activation activation = kernels::Activation::none) : activation_(activation) {}
  kernels::Activation activation() const noexcept { return activation_; }

  std::string_view kind() const noexcept override { return "dense"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  /// Only without activation: fusing comes after differentiating.
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;

 private:
  kernels::Activation activation_;
};

/// inputs: out_gradient {out}; x {in}; kernel {in, out} packed, or no_value.
/// outputs: x gradient {in}; kernel gradient {in, out}, packed; bias gradient {out}, packed. Each may be unwanted.
class DenseBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "dense_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }
};

/// Throws ShapeError unless it is the input of a dense layer: a vector of each sample.
void expect_vector(const Op& op, const TensorSpec& spec);

}  // namespace tilewise::ops
