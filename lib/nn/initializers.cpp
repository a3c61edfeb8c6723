#include "nn/initializers.hpp"

#include <cmath>

#include "base/random.hpp"

namespace tilewise::nn {

namespace {

double glorot_limit(const Shape& shape) {
  if (shape.rank() < 2) return std::sqrt(3.0 / static_cast<double>(shape.elements()));
  double taps = 1;
  for (int axis = 0; axis < shape.rank() - 2; ++axis) taps *= static_cast<double>(shape[axis]);
  const auto in_and_out = static_cast<double>(shape[shape.rank() - 2]) + static_cast<double>(shape[shape.rank() - 1]);
  return std::sqrt(6 / (taps * in_and_out));
}

}  // namespace

std::vector<float> initial_values(Initializer initializer, const Shape& shape, std::uint64_t seed,
                                  std::uint64_t index) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  if (initializer == Initializer::zeros) return values;
  if (initializer == Initializer::ones) return std::vector<float>(values.size(), 1.f);
  const base::Random random(seed, base::Stream::initializer, index);
  const double limit = glorot_limit(shape);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(limit * (2 * static_cast<double>(random.uniform(i)) - 1));
  return values;
}

}  // namespace tilewise::nn
