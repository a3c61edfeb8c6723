#pragma once

#include <cstdint>

#include "tilewise/ops/prepared.hpp"

#pragma GCC visibility push(default)
/// Losses of each sample, and the gradients of their mean over the batch.
namespace tilewise {

using LabelView = View<const std::int32_t>;

/// softmax_cross_entropy() for many calls on the same shapes.
class PreparedSoftmaxCrossEntropy : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& logits, const LabelView& labels, const TensorView& losses,
           const TensorView& probabilities = {});
};

/// logits {n, classes}, labels {n}, losses {n}: -log p[label], p = softmax(logits), stable for any finite logits; p
/// itself, {n, classes}, if wanted. Throws ArgumentError for a label outside [0, classes), before anything is written.
void softmax_cross_entropy(const ConstTensorView& logits, const LabelView& labels, const TensorView& losses,
                           const TensorView& probabilities = {});
PreparedSoftmaxCrossEntropy prepare_softmax_cross_entropy(const Shape& logits_shape);

/// softmax_cross_entropy_backward() for many calls on the same shapes.
class PreparedSoftmaxCrossEntropyBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& probabilities, const LabelView& labels, const TensorView& dlogits);
};

/// The gradient of the mean of softmax_cross_entropy's losses, from its probabilities: (p - one-hot of the label) / n.
void softmax_cross_entropy_backward(const ConstTensorView& probabilities, const LabelView& labels,
                                    const TensorView& dlogits);
PreparedSoftmaxCrossEntropyBackward prepare_softmax_cross_entropy_backward(const Shape& logits_shape);

/// softmax_target_cross_entropy() for many calls on the same shapes.
class PreparedSoftmaxTargetCrossEntropy : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& logits, const ConstTensorView& targets, const TensorView& losses,
           const TensorView& probabilities = {});
};

/// The same against targets {n, classes}: the loss is -sum of target * log p. Smoothed labels are such targets.
void softmax_target_cross_entropy(const ConstTensorView& logits, const ConstTensorView& targets,
                                  const TensorView& losses, const TensorView& probabilities = {});
PreparedSoftmaxTargetCrossEntropy prepare_softmax_target_cross_entropy(const Shape& logits_shape);

/// softmax_target_cross_entropy_backward() for many calls on the same shapes.
class PreparedSoftmaxTargetCrossEntropyBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& probabilities, const ConstTensorView& targets, const TensorView& dlogits);
};

/// The gradient of the mean of softmax_target_cross_entropy's losses: (p * sum of targets - targets) / n.
void softmax_target_cross_entropy_backward(const ConstTensorView& probabilities, const ConstTensorView& targets,
                                           const TensorView& dlogits);
PreparedSoftmaxTargetCrossEntropyBackward prepare_softmax_target_cross_entropy_backward(const Shape& logits_shape);

/// squared_error() for many calls on the same shapes.
class PreparedSquaredError : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& outputs, const ConstTensorView& targets, const TensorView& losses);
};

/// outputs and targets {n, ...}, losses {n}: the mean over a sample's elements of (output - target)^2.
void squared_error(const ConstTensorView& outputs, const ConstTensorView& targets, const TensorView& losses);
PreparedSquaredError prepare_squared_error(const Shape& outputs_shape);

/// squared_error_backward() for many calls on the same shapes.
class PreparedSquaredErrorBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& outputs, const ConstTensorView& targets, const TensorView& doutputs);
};

/// The gradient of the mean of squared_error's losses: 2 * (output - target) / (elements of a sample * n).
void squared_error_backward(const ConstTensorView& outputs, const ConstTensorView& targets, const TensorView& doutputs);
PreparedSquaredErrorBackward prepare_squared_error_backward(const Shape& outputs_shape);

}  // namespace tilewise
#pragma GCC visibility pop
