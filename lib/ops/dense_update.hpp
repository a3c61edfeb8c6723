#pragma once

#include <memory>

#include "ops/optimizer.hpp"

namespace tilewise::ops {

/// The gradient of a dense layer's kernel, and its update: each slice of the gradient is used up while it is in the
/// nearest cache, and never reaches memory.
/// inputs: out_gradient {out}; x {in}; then as of the update, without the gradient: rates, the kernel {in, out}, its
/// state. No outputs.
class DenseUpdate final : public Op {
 public:
  explicit DenseUpdate(std::shared_ptr<const Update> update) : update_(std::move(update)) {}

  std::string_view kind() const noexcept override { return "dense_update"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  double flops(const LowerRequest& request) const override;
  std::vector<int> updated_inputs(std::size_t input_count) const override;

 private:
  std::shared_ptr<const Update> update_;
};

}  // namespace tilewise::ops
