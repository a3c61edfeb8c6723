#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <vector>

namespace tilewise::bench {

template <class F>
double seconds_of(const F& run) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  run();
  std::atomic_signal_fence(std::memory_order_acq_rel);  // what it wrote is written
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// The time that the part `q` of the runs stay below: of 0.5 the median.
inline double quantile(std::vector<double> seconds, double q) {
  const auto place = seconds.begin() + static_cast<std::ptrdiff_t>(q * double(seconds.size()));
  std::nth_element(seconds.begin(), place, seconds.end());
  return *place;
}

/// The lower quartile: where other programs share the core, the median is theirs.
inline double quartile(const std::vector<double>& seconds) {
  return quantile(seconds, 0.25);
}

}  // namespace tilewise::bench
