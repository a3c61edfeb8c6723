#include "nn/metrics.hpp"

#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

ops::ValueId emit(plan::Graph& graph, const Accuracy&, ops::ValueId scores, ops::ValueId truth) {
  if (graph.spec(scores).shape.rank() != 1)
    throw ShapeError("accuracy: expected one output per class; the model gives " +
                     graph.spec(scores).shape.to_string());
  if (graph.spec(truth).element == ops::Element::i32)
    return graph.emit(std::make_shared<ops::SparseAccuracy>(), {scores, truth}).front();
  return graph.emit(std::make_shared<ops::CategoricalAccuracy>(), {scores, truth}).front();
}

}  // namespace

ops::ValueId emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId truth) {
  graph.set_scope("metrics");
  return std::visit([&](const auto& which) { return emit(graph, which, scores, truth); }, metric);
}

}  // namespace tilewise::nn
