#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// inputs: batched tensors that agree in all extents but the last. output: they joined along the last one, in order.
class Concatenate final : public Op {
 public:
  std::string_view kind() const noexcept override { return "concatenate"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
};

/// input: a batched tensor. output: the elements [begin, begin + count) along its last extent. What goes back through a
/// Concatenate.
class Slice final : public Op {
 public:
  Slice(std::int64_t begin, std::int64_t count) : begin_(begin), count_(count) {}

  std::string_view kind() const noexcept override { return "slice"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  std::int64_t begin_, count_;
};

}  // namespace tilewise::ops
