#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// {..., C} -> {..., C * times}, batched: out[c * times + j] = in[c] for 0 <= j < times.
class RepeatChannels final : public Op {
 public:
  explicit RepeatChannels(std::int64_t times) : times_(times) {}

  std::string_view kind() const noexcept override { return "repeat_channels"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  std::int64_t times_;
};

/// {..., C * times} -> {..., C}: the sum of each channel's repeats, in order.
class RepeatChannelsBackward final : public Op {
 public:
  explicit RepeatChannelsBackward(std::int64_t times) : times_(times) {}

  std::string_view kind() const noexcept override { return "repeat_channels_backward"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  std::int64_t times_;
};

}  // namespace tilewise::ops
