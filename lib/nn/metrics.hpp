#pragma once

#include "plan/graph.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

/// Adds the metric of `scores` {classes} against `truth`, labels or targets, to the graph; returns its value for each
/// sample.
ops::ValueId emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId truth);

}  // namespace tilewise::nn
