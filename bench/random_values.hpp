#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace tilewise::bench {

/// Values in [-0.5, 0.5), others for each `index`.
inline void fill_randomly(float* values, std::int64_t count, std::uint64_t index) {
  const base::Random random(1, base::Stream::test, index);
  for (std::int64_t i = 0; i < count; ++i) values[i] = random.uniform(static_cast<std::uint64_t>(i)) - 0.5f;
}

inline std::vector<float> random_values(std::int64_t count, std::uint64_t index) {
  std::vector<float> values(static_cast<std::size_t>(count));
  fill_randomly(values.data(), count, index);
  return values;
}

}  // namespace tilewise::bench
