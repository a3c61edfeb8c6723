#pragma once

#include <cstddef>
#include <vector>

#include "tilewise/layers.hpp"

namespace tilewise::nn {

/// One use of a layer. A layer that is called several times has one set of parameters.
struct LayerCall {
  std::size_t layer;                ///< its position in Topology::layers
  std::vector<std::size_t> inputs;  ///< 0: the samples; k: the result of the k-th call, counted from 1
  friend bool operator==(const LayerCall&, const LayerCall&) = default;
};

/// Layers, and how they are joined: calls in an order that runs, the last of which gives the network's output.
struct Topology {
  std::vector<Layer> layers;
  std::vector<LayerCall> calls;

  /// One layer after the other.
  static Topology chain(std::vector<Layer> layers);
  bool is_chain() const;
};

/// Throws ArgumentError unless there is a layer, every layer is called, every call reads what is there before it, and
/// every result but the last is read.
void check_topology(const Topology& topology);

}  // namespace tilewise::nn
