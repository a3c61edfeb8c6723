#include "train/check_data.hpp"

#include <algorithm>
#include <limits>

#include "tilewise/error.hpp"

namespace tilewise::train {

void check_data(const Pipeline& pipeline, const nn::Network& network, const nn::EvaluationGraph& graph,
                const char* what) {
  const Dataset& dataset = pipeline.dataset();
  const std::string prefix = std::string(what) + " (" + dataset.name() + "): ";
  if (pipeline.batch_size() < 1) throw ArgumentError(prefix + "no batch size; call batch(n)");
  if (dataset.size() < 1) throw ArgumentError(prefix + "there are no samples");
  if (dataset.sample_shape() != network.input_shape())
    throw ShapeError(prefix + "samples are " + dataset.sample_shape().to_string() + "; the model is built for " +
                     network.input_shape().to_string());
  if (dataset.has_targets() != graph.takes_targets())
    throw ArgumentError(prefix + (dataset.has_targets() ? "it has targets; the loss takes labels"
                                                        : "it has labels; the loss takes targets (see one_hot())"));
  if (dataset.has_targets()) {
    if (const Shape& expected = graph.graph.spec(graph.truth).shape; dataset.target_shape() != expected)
      throw ShapeError(prefix + "targets are " + dataset.target_shape().to_string() + "; the model gives " +
                       expected.to_string());
    return;
  }
  const std::int64_t classes = network.output_shape().elements();
  dataset.require_labels_below(static_cast<int>(std::min<std::int64_t>(classes, std::numeric_limits<int>::max())));
}

}  // namespace tilewise::train
