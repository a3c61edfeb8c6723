#pragma once

#include <memory>

#include "ops/op.hpp"
#include "tilewise/options.hpp"

/// Smooth and leaky activations, element by element, and what makes an op of any activation. The backward ops read the
/// activation's output, so that the input need not be kept.
namespace tilewise::ops {

/// tanh(x). Of integers there is none.
class Tanh final : public Op {
 public:
  std::string_view kind() const noexcept override { return "tanh"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// inputs: out_gradient; the tanh's output. output: the gradient of its input.
class TanhBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "tanh_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// 1 / (1 + e^-x). Of integers there is none.
class Sigmoid final : public Op {
 public:
  std::string_view kind() const noexcept override { return "sigmoid"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// inputs: out_gradient; the sigmoid's output. output: the gradient of its input.
class SigmoidBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "sigmoid_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// x above zero, else slope * x. Throws ArgumentError in infer unless the slope is finite and at least 0, and in lower
/// if it is not whole where the plan's scalar is an integer.
class LeakyRelu final : public Op {
 public:
  explicit LeakyRelu(double slope) : slope_(slope) {}

  std::string_view kind() const noexcept override { return "leaky_relu"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }

 private:
  double slope_;
};

/// inputs: out_gradient; the leaky ReLU's output. output: the gradient of its input.
class LeakyReluBackward final : public Op {
 public:
  explicit LeakyReluBackward(double slope) : slope_(slope) {}

  std::string_view kind() const noexcept override { return "leaky_relu_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }

 private:
  double slope_;
};

/// The op that computes an activation; null for linear.
std::shared_ptr<const Op> activation_op(Activation activation);

}  // namespace tilewise::ops
