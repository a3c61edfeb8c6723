#pragma once

#include "nn/network.hpp"
#include "tilewise/dataset.hpp"

/// What is checked before the first step. `what` is "training data" or the like.
namespace tilewise::train {

/// Throws ArgumentError without a batch size or samples, ShapeError for samples of another shape than the network's.
void check_samples(const Pipeline& pipeline, const nn::Network& network, const char* what);

/// Throws ShapeError for targets of another shape than `output`, or, of a data set with labels, FileError or
/// ArgumentError for a label that is not one of the outputs.
void check_truth(const Pipeline& pipeline, const Shape& output, const char* what);

/// Both, and throws ArgumentError for labels where the graph takes targets or the other way round.
void check_data(const Pipeline& pipeline, const nn::Network& network, const nn::EvaluationGraph& graph,
                const char* what);

/// What the graph's loss compares a batch's outputs with.
inline const void* truth_of(const Batch& batch) {
  return batch.targets ? static_cast<const void*>(batch.targets) : batch.labels;
}

}  // namespace tilewise::train
