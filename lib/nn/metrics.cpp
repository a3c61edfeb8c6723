#include "nn/metrics.hpp"

#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "ops/top_k_accuracy.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

std::string name_of(const Accuracy&) {
  return "accuracy";
}
std::string name_of(const TopKAccuracy& top) {
  return "top_" + std::to_string(top.k) + "_accuracy";
}

std::shared_ptr<const ops::Op> op_of(const Accuracy&, bool has_labels) {
  if (has_labels) return std::make_shared<ops::SparseAccuracy>();
  return std::make_shared<ops::CategoricalAccuracy>();
}
std::shared_ptr<const ops::Op> op_of(const TopKAccuracy& top, bool) {
  return std::make_shared<ops::TopKAccuracy>(top.k);
}

}  // namespace

MetricNode emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId truth) {
  graph.set_scope("metrics");
  const std::string name = std::visit([](const auto& which) { return name_of(which); }, metric);
  if (graph.spec(scores).shape.rank() != 1)
    throw ShapeError(name + ": expected one output per class; the model gives " + graph.spec(scores).shape.to_string());
  const bool has_labels = graph.spec(truth).element == ops::Element::i32;
  auto op = std::visit([&](const auto& which) { return op_of(which, has_labels); }, metric);
  return {name, graph.emit(std::move(op), {scores, truth}).front()};
}

}  // namespace tilewise::nn
