#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "plan/peak.hpp"
#include "tilewise/isa.hpp"

namespace tilewise::bench {

/// Runs `run` for as long as `state` asks, and reports GFLOPS, and what percentage that is of the FMA peak that the
/// core had just before and after, times the number of threads that `run` uses. Of the times counts the lower quartile:
/// where other programs share the core, the median is theirs. `flops` are nominal: those of direct convolution, padding
/// included.
template <class F>
void measure_against_peak(benchmark::State& state, Isa isa, double flops, const F& run, int threads = 1) {
  using Clock = std::chrono::steady_clock;
  const double peak_before = plan::measure_fma_peak(isa);
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto begin = Clock::now();
    run();
    benchmark::ClobberMemory();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - begin).count());
  }
  const double peak = std::max(peak_before, plan::measure_fma_peak(isa));
  const auto quartile = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 4);
  std::nth_element(seconds.begin(), quartile, seconds.end());
  const double gflops = flops / *quartile / 1e9;
  state.counters["GFLOPS"] = gflops;
  state.counters["peak_percent"] = gflops / (peak * threads) * 100;
}

}  // namespace tilewise::bench
