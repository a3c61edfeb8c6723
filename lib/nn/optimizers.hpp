#pragma once

#include <vector>

#include "plan/graph.hpp"
#include "plan/parameters.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

using ops::ValueId;

/// Throws ArgumentError for a rate that is not finite and above zero, a beta outside [0, 1), an epsilon that is not
/// above zero.
void check_optimizer(const Optimizer& optimizer);

/// Adds the update of `parameters` by `gradients` to the graph. Its state, zero at first, goes into the store; what an
/// earlier call left there under the same names is used again. `rate` is the plain input {1} to which step_rate() is
/// bound.
void emit_update(plan::Graph& graph, const Optimizer& optimizer, ValueId rate, const std::vector<ValueId>& parameters,
                 const std::vector<ValueId>& gradients, plan::ParameterStore& store);

/// The rate of step 1, 2, ..., Adam's bias correction included.
double step_rate(const Optimizer& optimizer, std::int64_t step);

}  // namespace tilewise::nn
