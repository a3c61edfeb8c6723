#include "plan/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "kernels/select.hpp"

namespace tilewise::plan {

double measure_fma_peak(Isa isa) {
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t iterations = 100'000;
  constexpr int runs = 20;  // enough for the clock to settle, and for one run without an interruption
  const auto end = Clock::now() + std::chrono::milliseconds(200);  // an emulator takes a second for one
  double best = 0;
  for (int run = 0; run < runs && (run == 0 || Clock::now() < end); ++run) {
    float out = 0;
    std::int64_t flops = 0;
    const auto begin = Clock::now();
    kernels::table(isa).fma_peak({.iterations = iterations, .out = &out, .flops = &flops});
    const std::chrono::duration<double> seconds = Clock::now() - begin;
    best = std::max(best, static_cast<double>(flops) / seconds.count() / 1e9);
  }
  return best;
}

}  // namespace tilewise::plan
