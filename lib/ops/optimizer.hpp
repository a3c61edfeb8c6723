#pragma once

#include "ops/op.hpp"

/// Optimizer updates: one op for all parameters of a model, so that a step needs one pass over the threads. No outputs.
/// The first input of each, {2} plain, is bound anew for each step: {rate, decay}; where decay is not zero, the update
/// begins with parameter -= decay * parameter. Then come, for each parameter, itself, its gradient and its state, all
/// packed. The formulas stand in kernels/contracts/optimizer.hpp.
namespace tilewise::ops {

/// No state. parameter -= rate * gradient.
class SgdUpdate final : public Op {
 public:
  std::string_view kind() const noexcept override { return "sgd_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;
};

/// State: m.
class SgdMomentumUpdate final : public Op {
 public:
  SgdMomentumUpdate(double momentum, bool nesterov) : momentum_(momentum), nesterov_(nesterov) {}

  std::string_view kind() const noexcept override { return "sgd_momentum_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;

 private:
  double momentum_;
  bool nesterov_;
};

/// State: m, v. The rate is learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) in step t.
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

struct RmspropOptions {
  double rho, momentum, epsilon;
  bool centered;
};

/// State: v; then, if centered, the mean; then, unless the momentum is 0, m.
class RmspropUpdate final : public Op {
 public:
  explicit RmspropUpdate(const RmspropOptions& options) : options_(options) {}

  std::string_view kind() const noexcept override { return "rmsprop_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;

 private:
  bool has_momentum() const noexcept { return options_.momentum != 0; }
  /// Tensors of one parameter: itself, its gradient, its state.
  std::size_t group() const noexcept { return 3u + (options_.centered ? 1 : 0) + (has_momentum() ? 1 : 0); }

  RmspropOptions options_;
};

}  // namespace tilewise::ops
