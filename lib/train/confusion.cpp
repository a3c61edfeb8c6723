#include "train/confusion.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"
#include "train/check_data.hpp"

namespace tilewise::train {

namespace {

/// Of equal ones the first, as the accuracy has it.
std::int64_t first_largest(const float* row, std::int64_t classes) {
  return std::max_element(row, row + classes) - row;
}

}  // namespace

ConfusionMatrix confusion_matrix(const nn::Network& network, Predictor& predictor, const Pipeline& data) {
  constexpr const char* what = "evaluation data";
  const Shape& output = network.output_shape();
  if (output.rank() != 1)
    throw ShapeError("confusion matrix: expected one output per class; the model gives " + output.to_string());
  check_samples(data, network, what);
  check_truth(data, output, what);
  const std::int64_t classes = output[0];
  ConfusionMatrix matrix{classes, {}};
  matrix.counts.resize(static_cast<std::size_t>(base::checked_mul(classes, classes)));
  BatchReader reader(data);
  reader.start_epoch(0);
  while (const Batch* batch = reader.next()) {
    const std::vector<float> outputs = predictor.predict(batch->inputs, batch->size);
    for (std::int64_t i = 0; i < batch->size; ++i) {
      const std::int64_t label =
          batch->targets ? first_largest(batch->targets + i * classes, classes) : batch->labels[i];
      ++matrix.counts[static_cast<std::size_t>(label * classes + first_largest(outputs.data() + i * classes, classes))];
    }
  }
  return matrix;
}

}  // namespace tilewise::train
