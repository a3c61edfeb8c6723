#pragma once

#include "ops/op.hpp"

namespace tilewise::ops {

/// A kernel {..., in, out} as {..., out, in}, its taps in reverse, packed; with groups {..., out / groups, in *
/// groups}, each group by itself: what a convolution's backward-data multiplies by. Derived: made anew when the
/// parameters changed.
class TransposeWeights final : public Op {
 public:
  std::string_view kind() const noexcept override { return "transpose_weights"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_derived() const noexcept override { return true; }
};

}  // namespace tilewise::ops
