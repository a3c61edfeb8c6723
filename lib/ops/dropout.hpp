#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// Each element kept with probability 1 - rate and scaled by 1 / (1 - rate), else zero (Srivastava et al. 2014, in the
/// scaling of today's frameworks).
/// inputs: a batched tensor; the number of the step, {1} plain, i32. outputs: the same shape; the mask, u8, 1 where an
/// element is kept.
/// What is kept depends on (seed, call, step, sample, element) only, never on threads or on what was drawn before.
class Dropout final : public Op {
 public:
  /// 0 <= rate < 1. `call` keeps the dropouts of one network apart.
  Dropout(double rate, std::uint64_t seed, std::uint32_t call) : rate_(rate), seed_(seed), call_(call) {}

  std::string_view kind() const noexcept override { return "dropout"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_optional(std::size_t) const noexcept override { return false; }

 private:
  double rate_;
  std::uint64_t seed_;
  std::uint32_t call_;
};

/// inputs: out_gradient; the mask. output: the gradient of the input.
class DropoutBackward final : public Op {
 public:
  explicit DropoutBackward(double rate) : rate_(rate) {}

  std::string_view kind() const noexcept override { return "dropout_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  int in_place_input() const noexcept override { return 0; }

 private:
  double rate_;
};

}  // namespace tilewise::ops
