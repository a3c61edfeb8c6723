#pragma once

#include "nn/network.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise::train {

/// Before the first step: throws ArgumentError without a batch size or samples, ShapeError for samples of another shape
/// than the network's, and FileError or ArgumentError for a label that is not one of its outputs. `what` is "training
/// data" or the like.
void check_data(const Pipeline& pipeline, const nn::Network& network, const char* what);

}  // namespace tilewise::train
