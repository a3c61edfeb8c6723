#include "nn/metrics.hpp"

#include "ops/classification.hpp"

namespace tilewise::nn {

namespace {

ops::ValueId emit(plan::Graph& graph, const Accuracy&, ops::ValueId scores, ops::ValueId labels) {
  return graph.emit(std::make_shared<ops::SparseAccuracy>(), {scores, labels}).front();
}

}  // namespace

ops::ValueId emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId labels) {
  graph.set_scope("metrics");
  return std::visit([&](const auto& which) { return emit(graph, which, scores, labels); }, metric);
}

}  // namespace tilewise::nn
