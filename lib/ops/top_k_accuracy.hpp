#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// inputs: outputs {classes}; labels {} batched, i32, within [0, classes), which the caller has checked, or targets
/// {classes}, whose first largest is the label. output: 1 where the label's output is among the k largest, else 0, {}.
/// Of equal outputs the first ones count as larger, so that k = 1 is the accuracy; NaN is never among them.
class TopKAccuracy final : public Op {
 public:
  explicit TopKAccuracy(std::int64_t k) : k_(k) {}

  std::string_view kind() const noexcept override { return "top_k_accuracy"; }
  /// Throws ArgumentError unless 1 <= k <= classes.
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;

 private:
  std::int64_t k_;
};

}  // namespace tilewise::ops
