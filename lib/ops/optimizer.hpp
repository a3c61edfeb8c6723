#pragma once

#include <array>
#include <functional>

#include "ops/op.hpp"

/// Optimizer updates: one op for many parameters of a model, so that a step needs one pass over the threads. No
/// outputs. The first input of each, {2} plain, is bound anew for each step: {rate, decay}; where decay is not zero,
/// the update begins with parameter -= decay * parameter. Then come, for each parameter, itself, its gradient and its
/// state, all packed. The formulas stand in kernels/contracts/optimizer.hpp.
namespace tilewise::ops {

/// Neighbouring elements of one parameter: where they, their gradient and their state begin.
struct UpdateSlice {
  const void* rates;
  void* parameter;
  const void* gradient;
  std::array<void*, 3> state;
  std::int64_t count;
  /// How far behind these lie elements of the parameter and its state that are soon to be updated, too; 0: nowhere.
  std::int64_t ahead = 0;
};
using SliceUpdate = std::function<void(const UpdateSlice&)>;

class Update : public Op {
 public:
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const final;
  Step lower(const LowerRequest& request) const final;
  std::vector<int> updated_inputs(std::size_t input_count) const final;

  /// Tensors of one parameter's state.
  virtual std::size_t state_count() const noexcept = 0;
  /// What updates a slice. Throws ArgumentError if it takes roots, which integers do not have.
  virtual SliceUpdate slice_update(const Kernels& kernels) const = 0;
};

/// parameter -= rate * gradient.
class SgdUpdate final : public Update {
 public:
  std::string_view kind() const noexcept override { return "sgd_update"; }
  std::size_t state_count() const noexcept override { return 0; }
  SliceUpdate slice_update(const Kernels& kernels) const override;
};

/// State: m.
class SgdMomentumUpdate final : public Update {
 public:
  SgdMomentumUpdate(double momentum, bool nesterov) : momentum_(momentum), nesterov_(nesterov) {}

  std::string_view kind() const noexcept override { return "sgd_momentum_update"; }
  std::size_t state_count() const noexcept override { return 1; }
  SliceUpdate slice_update(const Kernels& kernels) const override;

 private:
  double momentum_;
  bool nesterov_;
};

/// State: m, v. The rate is learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) in step t.
class AdamUpdate final : public Update {
 public:
  AdamUpdate(double beta1, double beta2, double epsilon) : beta1_(beta1), beta2_(beta2), epsilon_(epsilon) {}

  std::string_view kind() const noexcept override { return "adam_update"; }
  std::size_t state_count() const noexcept override { return 2; }
  SliceUpdate slice_update(const Kernels& kernels) const override;

 private:
  double beta1_, beta2_, epsilon_;
};

struct RmspropOptions {
  double rho, momentum, epsilon;
  bool centered;
};

/// State: v; then, if centered, the mean; then, unless the momentum is 0, m.
class RmspropUpdate final : public Update {
 public:
  explicit RmspropUpdate(const RmspropOptions& options) : options_(options) {}

  std::string_view kind() const noexcept override { return "rmsprop_update"; }
  std::size_t state_count() const noexcept override {
    return 1u + (options_.centered ? 1 : 0) + (has_momentum() ? 1 : 0);
  }
  SliceUpdate slice_update(const Kernels& kernels) const override;

 private:
  bool has_momentum() const noexcept { return options_.momentum != 0; }

  RmspropOptions options_;
};

}  // namespace tilewise::ops
