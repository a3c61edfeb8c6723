#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// max(x, 0) of a batched tensor; NaN passes.
class Relu final : public Op {
 public:
  std::string_view kind() const noexcept override { return "relu"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// inputs: out_gradient; the ReLU's output. output: the gradient of its input.
class ReluBackward final : public Op {
 public:
  std::string_view kind() const noexcept override { return "relu_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// The sum of two tensors of the same spec (batched, or packed: two gradients of one parameter).
class Add final : public Op {
 public:
  std::string_view kind() const noexcept override { return "add"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }
};

/// A batched tensor seen with another shape of as many elements, in row-major order. Nothing is computed.
class Reshape final : public Op {
 public:
  explicit Reshape(const Shape& shape) : shape_(shape) {}

  std::string_view kind() const noexcept override { return "reshape"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_view() const noexcept override { return true; }

 private:
  Shape shape_;
};

}  // namespace tilewise::ops
