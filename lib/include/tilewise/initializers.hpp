#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
namespace tilewise {

/// What weights are at first: Keras's initialisers. A kernel {..., in, out} has fan_in = taps * in and fan_out = taps *
/// out, taps the product of the extents before `in`. The normal ones are cut off at two standard deviations of the
/// uncut distribution, which are chosen so that the standard deviation of what is left is the one given here.
enum class Initializer : std::uint8_t {
  zeros,
  ones,
  glorot_uniform,  ///< within +-sqrt(6 / (fan_in + fan_out)): Glorot and Bengio 2010, formula 16
  glorot_normal,   ///< standard deviation sqrt(2 / (fan_in + fan_out))
  he_uniform,      ///< within +-sqrt(6 / fan_in): He et al. 2015, as variance
  he_normal,       ///< standard deviation sqrt(2 / fan_in): He et al. 2015, formula 10
};
inline constexpr Initializer zeros = Initializer::zeros;
inline constexpr Initializer ones = Initializer::ones;
inline constexpr Initializer glorot_uniform = Initializer::glorot_uniform;
inline constexpr Initializer glorot_normal = Initializer::glorot_normal;
inline constexpr Initializer he_uniform = Initializer::he_uniform;
inline constexpr Initializer he_normal = Initializer::he_normal;

}  // namespace tilewise
#pragma GCC visibility pop
