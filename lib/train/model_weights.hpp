#pragma once

#include <vector>

#include "nn/network.hpp"
#include "plan/parameters.hpp"
#include "tilewise/weights.hpp"

namespace tilewise::train {

/// The network's parameters, in its order, without optimizer state.
std::vector<Weights> read_weights(const nn::Network& network, const plan::ParameterStore& parameters);

/// Throws ArgumentError for a weight that is missing, unknown or there twice, ShapeError for one of another shape; they
/// name it.
void check_weights(const nn::Network& network, const std::vector<Weights>& weights);

/// Checks, then replaces all of them.
void assign_weights(const nn::Network& network, const std::vector<Weights>& weights, plan::ParameterStore& parameters);

}  // namespace tilewise::train
