#pragma once

#include "plan/graph.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

using ops::ValueId;

struct LossValues {
  ValueId per_sample;
  /// What a prediction is read from: probabilities, or logits where the model gives those.
  ValueId scores;
};

/// Adds the loss of `output` against `labels` to the graph. After a softmax it is computed from the logits. Throws
/// ShapeError if the output is not {classes}, ArgumentError if a softmax would be taken twice.
LossValues emit_loss(plan::Graph& graph, const Loss& loss, ValueId output, ValueId labels);

}  // namespace tilewise::nn
