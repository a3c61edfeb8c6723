#pragma once

#include "ops/op.hpp"

/// Optimizer updates: one op for all parameters of a model, so that a step needs one pass over the threads. No outputs.
namespace tilewise::ops {

/// inputs: rate {1} plain, then for each parameter: itself, its gradient (both packed). parameter -= rate * gradient.
class SgdUpdate final : public Op {
 public:
  std::string_view kind() const noexcept override { return "sgd_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;
};

/// inputs: rate {1} plain, then for each parameter: itself, its gradient, m, v (all packed).
/// rate = learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) is bound anew for each step t.
class AdamUpdate final : public Op {
 public:
  AdamUpdate(double beta1, double beta2, double epsilon) : beta1_(beta1), beta2_(beta2), epsilon_(epsilon) {}

  std::string_view kind() const noexcept override { return "adam_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;

 private:
  double beta1_, beta2_, epsilon_;
};

}  // namespace tilewise::ops
