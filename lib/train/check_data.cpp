#include "train/check_data.hpp"

#include <algorithm>
#include <limits>

#include "tilewise/error.hpp"

namespace tilewise::train {

namespace {

std::string prefix(const Pipeline& pipeline, const char* what) {
  return std::string(what) + " (" + pipeline.dataset().name() + "): ";
}

}  // namespace

void check_samples(const Pipeline& pipeline, const nn::Network& network, const char* what) {
  const Dataset& dataset = pipeline.dataset();
  if (pipeline.batch_size() < 1) throw ArgumentError(prefix(pipeline, what) + "no batch size; call batch(n)");
  if (dataset.size() < 1) throw ArgumentError(prefix(pipeline, what) + "there are no samples");
  if (dataset.sample_shape() != network.input_shape())
    throw ShapeError(prefix(pipeline, what) + "samples are " + dataset.sample_shape().to_string() +
                     "; the model is built for " + network.input_shape().to_string());
}

void check_truth(const Pipeline& pipeline, const Shape& output, const char* what) {
  const Dataset& dataset = pipeline.dataset();
  if (dataset.has_targets()) {
    if (dataset.target_shape() != output)
      throw ShapeError(prefix(pipeline, what) + "targets are " + dataset.target_shape().to_string() +
                       "; the model gives " + output.to_string());
    return;
  }
  const std::int64_t classes = output.elements();
  dataset.require_labels_below(static_cast<int>(std::min<std::int64_t>(classes, std::numeric_limits<int>::max())));
}

void check_data(const Pipeline& pipeline, const nn::Network& network, const nn::EvaluationGraph& graph,
                const char* what) {
  check_samples(pipeline, network, what);
  const Dataset& dataset = pipeline.dataset();
  if (dataset.has_targets() != graph.takes_targets())
    throw ArgumentError(prefix(pipeline, what) + (dataset.has_targets()
                                                      ? "it has targets; the loss takes labels"
                                                      : "it has labels; the loss takes targets (see one_hot())"));
  check_truth(pipeline, graph.takes_targets() ? graph.graph.spec(graph.truth).shape : network.output_shape(), what);
}

}  // namespace tilewise::train
