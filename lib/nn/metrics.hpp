#pragma once

#include <string>

#include "plan/graph.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

struct MetricNode {
  std::string name;    ///< "accuracy", "top_5_accuracy"
  ops::ValueId value;  ///< of each sample
};

/// Adds the metric of `scores` {classes} against `truth`, labels or targets, to the graph.
MetricNode emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId truth);

}  // namespace tilewise::nn
