#pragma once

#include "ops/op.hpp"

/// Batch normalisation (Ioffe and Szegedy 2015) over samples, rows and columns, a mean and a variance for each channel,
/// the last axis. gamma and beta, {C} packed, may be no_value: 1 and 0. The variance is the biased one, as in Keras.
namespace tilewise::ops {

/// inputs: x {..., C} batched; gamma; beta. outputs: (x - mean) * gamma / sqrt(variance + epsilon) + beta; the batch's
/// mean {C} and variance {C}, packed.
class BatchNorm final : public Op {
 public:
  explicit BatchNorm(double epsilon) : epsilon_(epsilon) {}

  std::string_view kind() const noexcept override { return "batch_norm"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return false; }

 private:
  double epsilon_;
};

/// inputs: out_gradient; x; gamma; the batch's mean and variance. outputs: the gradients of x, gamma and beta; each may
/// be unwanted.
class BatchNormBackward final : public Op {
 public:
  explicit BatchNormBackward(double epsilon) : epsilon_(epsilon) {}

  std::string_view kind() const noexcept override { return "batch_norm_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }

 private:
  double epsilon_;
};

/// With a mean and a variance that are given: inputs x; gamma; beta; mean; variance. output: as BatchNorm's.
class BatchNormInference final : public Op {
 public:
  explicit BatchNormInference(double epsilon) : epsilon_(epsilon) {}
  double epsilon() const noexcept { return epsilon_; }

  std::string_view kind() const noexcept override { return "batch_norm_inference"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }

 private:
  double epsilon_;
};

/// What makes a layer's own result that of BatchNormInference after it. inputs: kernel {..., C}; bias {C} or no_value;
/// gamma; beta; mean; variance. outputs: the kernel and the bias to use instead. Derived: made anew when the parameters
/// changed.
class FoldBatchNorm final : public Op {
 public:
  explicit FoldBatchNorm(double epsilon) : epsilon_(epsilon) {}

  std::string_view kind() const noexcept override { return "fold_batch_norm"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_derived() const noexcept override { return true; }

 private:
  double epsilon_;
};

/// inputs: a running statistic; the batch's. The first becomes momentum * first + (1 - momentum) * second; an empty
/// batch changes nothing. No outputs.
class MovingAverage final : public Op {
 public:
  explicit MovingAverage(double momentum) : momentum_(momentum) {}

  std::string_view kind() const noexcept override { return "moving_average"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t) const override { return {0}; }

 private:
  double momentum_;
};

}  // namespace tilewise::ops
