#pragma once

#include <memory>

#include "plan/graph.hpp"
#include "plan/plan.hpp"

namespace tilewise::golden {

/// Ends a network with a loss whose gradient with respect to `outputs` is the one that is given.
class GivenGradient final : public ops::Op {
 public:
  std::string_view kind() const noexcept override { return "given_gradient"; }
  std::vector<ops::TensorSpec> infer(const std::vector<ops::TensorSpec>&) const override { return {{{}}}; }
  std::vector<ops::ValueId> backward(ops::GraphBuilder&, const ops::BackwardRequest& request) const override {
    return {request.inputs[1], ops::no_value};
  }
  ops::Step lower(const ops::LowerRequest&) const override { return {}; }
  bool is_loss() const noexcept override { return true; }
};

/// The gradients of `of` where that of `output` is `out_gradient`.
inline std::vector<ops::ValueId> gradients_from(plan::Graph& graph, ops::ValueId output, ops::ValueId out_gradient,
                                                const std::vector<ops::ValueId>& of) {
  const ops::ValueId loss = graph.emit(std::make_shared<GivenGradient>(), {output, out_gradient})[0];
  return plan::differentiate(graph, loss, of);
}

}  // namespace tilewise::golden
