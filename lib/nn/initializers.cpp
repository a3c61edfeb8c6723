#include "nn/initializers.hpp"

#include <cmath>

#include "base/random.hpp"

namespace tilewise::nn {

namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const Shape& shape) {
  const int rank = shape.rank();
  const auto last = static_cast<double>(shape[rank - 1]);
  if (rank < 2) return {last, last};
  double taps = 1;
  for (int axis = 0; axis < rank - 2; ++axis) taps *= static_cast<double>(shape[axis]);
  return {taps * static_cast<double>(shape[rank - 2]), taps * last};
}

std::vector<float> uniform_values(const base::Random& random, double limit, std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(limit * (2 * static_cast<double>(random.uniform(i)) - 1));
  return values;
}

std::vector<float> normal_values(const base::Random& random, double deviation, std::size_t count) {
  // The standard deviation of a standard normal number that is cut off at -2 and 2.
  constexpr double cut_deviation = 0.87962566103423978;
  const double scale = deviation / cut_deviation;
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(scale * random.cut_normal(i));
  return values;
}

}  // namespace

const char* initializer_name(Initializer initializer) {
  switch (initializer) {
    case Initializer::ones:
      return "ones";
    case Initializer::glorot_uniform:
      return "glorot_uniform";
    case Initializer::glorot_normal:
      return "glorot_normal";
    case Initializer::he_uniform:
      return "he_uniform";
    case Initializer::he_normal:
      return "he_normal";
    case Initializer::zeros:
      break;
  }
  return "zeros";
}

std::vector<float> initial_values(Initializer initializer, const Shape& shape, std::uint64_t seed,
                                  std::uint64_t index) {
  const auto count = static_cast<std::size_t>(shape.elements());
  const base::Random random(seed, base::Stream::initializer, index);
  const Fans fans = fans_of(shape);
  switch (initializer) {
    case Initializer::ones:
      return std::vector<float>(count, 1.f);
    case Initializer::glorot_uniform:
      return uniform_values(random, std::sqrt(6 / (fans.in + fans.out)), count);
    case Initializer::glorot_normal:
      return normal_values(random, std::sqrt(2 / (fans.in + fans.out)), count);
    case Initializer::he_uniform:
      return uniform_values(random, std::sqrt(6 / fans.in), count);
    case Initializer::he_normal:
      return normal_values(random, std::sqrt(2 / fans.in), count);
    case Initializer::zeros:
      break;
  }
  return std::vector<float>(count);
}

}  // namespace tilewise::nn
