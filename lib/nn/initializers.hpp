#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tilewise/initializers.hpp"
#include "tilewise/shape.hpp"

namespace tilewise::nn {

using tilewise::Initializer;

/// All of them, and their names in files.
inline constexpr std::array<Initializer, 6> initializers{zeros,         ones,       glorot_uniform,
                                                         glorot_normal, he_uniform, he_normal};
const char* initializer_name(Initializer initializer);

/// The first values of a model's index-th parameter, row-major. They depend on the arguments only: the bits are the
/// same on every machine.
std::vector<float> initial_values(Initializer initializer, const Shape& shape, std::uint64_t seed, std::uint64_t index);

}  // namespace tilewise::nn
