#pragma once

#include "ops/op.hpp"

/// What stands at the end of a classifier. Outputs of every sample {classes}; labels {} batched, i32, within [0,
/// classes): the caller has checked them.
namespace tilewise::ops {

class Softmax final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
};

/// inputs: out_gradient; the softmax's output. output: the gradient of its input.
class SoftmaxBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

/// inputs: probabilities; labels. output: the loss of each sample, {}. Keras's clipping to [1e-7, 1 - 1e-7].
class CrossEntropy final : public Op {
 public:
  std::string_view kind() const noexcept override { return "cross_entropy"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_loss() const noexcept override { return true; }
};

/// inputs: probabilities; labels. output: the gradient of the mean loss over the batch.
class CrossEntropyBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "cross_entropy_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

/// inputs: logits; labels. outputs: the loss of each sample, {}; the probabilities, {classes}. Stable for any finite
/// logits.
class SoftmaxCrossEntropy final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax_cross_entropy"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return true; }
  bool is_loss() const noexcept override { return true; }
};

/// inputs: probabilities; labels. output: the gradient of the mean loss with respect to the logits.
class SoftmaxCrossEntropyBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "softmax_cross_entropy_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
};

}  // namespace tilewise::ops
