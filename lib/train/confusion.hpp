#pragma once

#include "nn/network.hpp"
#include "tilewise/confusion.hpp"
#include "tilewise/dataset.hpp"
#include "train/predictor.hpp"

namespace tilewise::train {

/// Over all samples. Throws ShapeError if the network does not give one output per class, and what check_samples() and
/// check_truth() throw.
ConfusionMatrix confusion_matrix(const nn::Network& network, Predictor& predictor, const Pipeline& data);

}  // namespace tilewise::train
