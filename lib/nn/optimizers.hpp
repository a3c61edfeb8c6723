#pragma once

#include <vector>

#include "plan/graph.hpp"
#include "plan/parameters.hpp"
#include "tilewise/optimizers.hpp"

namespace tilewise::nn {

using ops::ValueId;

/// Throws ArgumentError, naming optimizer, option and value, for a learning rate or a schedule of one outside the range
/// that its declaration gives, an epsilon that is not finite and above zero, a beta, rho or momentum outside [0, 1), a
/// weight decay that is not finite or below zero.
void check_optimizer(const Optimizer& optimizer);

/// Adds the update of `parameters` by `gradients` to the graph. Its state, zero at first, goes into the store; what an
/// earlier call left there under the same names is used again. `rates` is the plain input {2} to which step_rates() is
/// bound.
void emit_update(plan::Graph& graph, const Optimizer& optimizer, ValueId rates, const std::vector<ValueId>& parameters,
                 const std::vector<ValueId>& gradients, plan::ParameterStore& store);

/// What the update reads in a step.
struct StepRates {
  double rate;   ///< the learning rate, Adam's bias correction included
  double decay;  ///< weight_decay * learning rate
};

/// Of step 1, 2, ...
StepRates step_rates(const Optimizer& optimizer, std::int64_t step);

}  // namespace tilewise::nn
