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

/// What the loss compares outputs of this shape with: labels {}, i32, or targets of the shape itself. Throws ShapeError
/// if the loss wants class scores and the shape is not {classes}.
ops::TensorSpec truth_spec(const Loss& loss, const Shape& output);

/// Adds the loss of `output` against `truth`, which has that spec, to the graph. After a softmax it is computed from
/// the logits. Throws as truth_spec() does, and ArgumentError if a softmax would be taken twice or for a label
/// smoothing outside [0, 1].
LossValues emit_loss(plan::Graph& graph, const Loss& loss, ValueId output, ValueId truth);

}  // namespace tilewise::nn
