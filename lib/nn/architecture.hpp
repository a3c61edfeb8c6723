#pragma once

#include <string>
#include <vector>

#include "nn/network.hpp"

/// A network's layers as text: what files carry beside the weights.
namespace tilewise::nn {

/// {"format": 1, "input_shape": [28, 28, 1], "layers": [{"kind": "Conv2D", "name": "conv2d", "config": {...}}, ...]}
/// Layers that are not one after the other have format 2, and "calls": [{"layer": 1, "inputs": [0]}, ...] as in
/// Topology; layers are counted from 1.
std::string architecture_to_json(const Network& network);

/// Allocates no weights. Throws ArgumentError or ShapeError, naming field or layer, for anything else than
/// architecture_to_json() writes.
Network network_from_json(const std::string& text);

}  // namespace tilewise::nn
