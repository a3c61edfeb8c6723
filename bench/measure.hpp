#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "plan/peak.hpp"
#include "tilewise/isa.hpp"
#include "times.hpp"

namespace tilewise::bench {

/// Runs `run` for as long as `state` asks; the lower quartile of its times.
template <class F>
double quartile_of_runs(benchmark::State& state, const F& run) {
  std::vector<double> seconds;
  for (auto _ : state) seconds.push_back(seconds_of(run));
  return quartile(seconds);
}

/// Reports GFLOPS, and what percentage that is of the FMA peak that the core had just before and after, times the
/// number of threads that `run` uses. `flops` are nominal: those of direct convolution, padding included.
template <class F>
void measure_against_peak(benchmark::State& state, Isa isa, double flops, const F& run, int threads = 1) {
  const double peak_before = plan::measure_fma_peak(isa);
  const double gflops = flops / quartile_of_runs(state, run) / 1e9;
  const double peak = std::max(peak_before, plan::measure_fma_peak(isa));
  state.counters["GFLOPS"] = gflops;
  state.counters["peak_percent"] = gflops / (peak * threads) * 100;
}

/// Reports GBps, 1e9 bytes a second. `bytes` are those that must be read and written, each once.
template <class F>
void measure_bytes(benchmark::State& state, double bytes, const F& run) {
  state.counters["GBps"] = bytes / quartile_of_runs(state, run) / 1e9;
}

}  // namespace tilewise::bench
