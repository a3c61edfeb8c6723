#include "train/check_data.hpp"

#include <algorithm>
#include <limits>

#include "tilewise/error.hpp"

namespace tilewise::train {

void check_data(const Pipeline& pipeline, const nn::Network& network, const char* what) {
  const Dataset& dataset = pipeline.dataset();
  const std::string prefix = std::string(what) + " (" + dataset.name() + "): ";
  if (pipeline.batch_size() < 1) throw ArgumentError(prefix + "no batch size; call batch(n)");
  if (dataset.size() < 1) throw ArgumentError(prefix + "there are no samples");
  if (dataset.sample_shape() != network.input_shape())
    throw ShapeError(prefix + "samples are " + dataset.sample_shape().to_string() + "; the model is built for " +
                     network.input_shape().to_string());
  const std::int64_t classes = network.output_shape().elements();
  dataset.require_labels_below(static_cast<int>(std::min<std::int64_t>(classes, std::numeric_limits<int>::max())));
}

}  // namespace tilewise::train
