#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nn/topology.hpp"

/// What stands behind a tilewise::Tensor.
namespace tilewise::nn {

struct SymbolicTensor {
  Shape shape;
  std::optional<Layer> layer;  ///< none: it is an Input
  std::vector<Tensor> inputs;
};

/// The layers between `input` and `output`, those that share a definition being one. Throws ArgumentError if `input` is
/// no Input, or `output` depends on another one, or not on this one.
Topology trace(const Tensor& input, const Tensor& output);

}  // namespace tilewise::nn
