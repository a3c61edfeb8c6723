#pragma once

#include "nn/network.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise::train {

/// Before the first step: throws ArgumentError without a batch size or samples, or for labels where the graph takes
/// targets or the other way round; ShapeError for samples or targets of another shape than the graph's; and FileError
/// or ArgumentError for a label that is not one of the network's outputs. `what` is "training data" or the like.
void check_data(const Pipeline& pipeline, const nn::Network& network, const nn::EvaluationGraph& graph,
                const char* what);

/// What the graph's loss compares a batch's outputs with.
inline const void* truth_of(const Batch& batch) {
  return batch.targets ? static_cast<const void*>(batch.targets) : batch.labels;
}

}  // namespace tilewise::train
