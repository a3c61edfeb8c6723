#include "nn/metrics.hpp"

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

std::int64_t k_of(const Accuracy&) {
  return 1;
}
std::int64_t k_of(const TopKAccuracy& top) {
  return top.k;
}

}  // namespace

MetricNode emit_metric(plan::Graph& graph, const Metric& metric, ops::ValueId scores, ops::ValueId truth) {
  graph.set_scope("metrics");
  const std::string name = std::visit([](const auto& which) { return name_of(which); }, metric);
  if (graph.spec(scores).shape.rank() != 1)
    throw ShapeError(name + ": expected one output per class; the model gives " + graph.spec(scores).shape.to_string());
  const std::int64_t k = std::visit([](const auto& which) { return k_of(which); }, metric);
  return {name, graph.emit(std::make_shared<ops::TopKAccuracy>(k), {scores, truth}).front()};
}

}  // namespace tilewise::nn
