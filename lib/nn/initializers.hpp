#pragma once

#include <cstdint>
#include <vector>

#include "tilewise/shape.hpp"

namespace tilewise::nn {

enum class Initializer : std::uint8_t {
  zeros,
  ones,
  /// Uniform within +-sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010, formula 16.
  glorot_uniform,
};

/// The first values of a model's index-th parameter, row-major. A kernel {..., in, out} has fan_in = taps * in and
/// fan_out = taps * out, taps the product of the extents before `in`, as in Keras. The values depend on the arguments
/// only.
std::vector<float> initial_values(Initializer initializer, const Shape& shape, std::uint64_t seed, std::uint64_t index);

}  // namespace tilewise::nn
