#pragma once

#include "ops/op.hpp"

/// Losses against targets, which have a value for every output of a sample, and how labels become targets.
namespace tilewise::ops {

/// input: labels {} batched, i32, within [0, classes): the caller has checked them. output: {classes}: 1 at the label
/// and 0 elsewhere, smoothed to 1 - smoothing + smoothing / classes and smoothing / classes.
class OneHot final : public Op {
 public:
  OneHot(std::int64_t classes, double smoothing) : classes_(classes), smoothing_(smoothing) {}

  std::string_view kind() const noexcept override { return "one_hot"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  std::int64_t classes_;
  double smoothing_;
};

/// input: targets {classes}. output: each times 1 - smoothing, plus smoothing / classes.
class SmoothTargets final : public Op {
 public:
  explicit SmoothTargets(double smoothing) : smoothing_(smoothing) {}

  std::string_view kind() const noexcept override { return "smooth_targets"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  double smoothing_;
};

/// inputs: probabilities {classes}; targets {classes}. output: the loss of each sample, {}. Keras's clipping.
class TargetCrossEntropy final : public Op {
 public:
  std::string_view kind() const noexcept override { return "target_cross_entropy"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_loss() const noexcept override { return true; }
};

/// inputs: probabilities; targets. output: the gradient of the mean loss over the batch.
class TargetCrossEntropyBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "target_cross_entropy_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

/// inputs: logits {classes}; targets {classes}. outputs: the loss of each sample, {}; the probabilities, {classes}.
/// Stable for any finite logits.
class SoftmaxTargetCrossEntropy final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax_target_cross_entropy"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }
  bool is_loss() const noexcept override { return true; }
};

/// inputs: probabilities; targets. output: the gradient of the mean loss with respect to the logits.
class SoftmaxTargetCrossEntropyBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax_target_cross_entropy_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

/// inputs: outputs; targets of the same shape. output: the mean over the sample's elements of the squared difference,
/// {}.
class SquaredError final : public Op {
 public:
  std::string_view kind() const noexcept override { return "squared_error"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_loss() const noexcept override { return true; }
};

/// inputs: outputs; targets. output: the gradient of the mean loss over the batch.
class SquaredErrorBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "squared_error_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

}  // namespace tilewise::ops
