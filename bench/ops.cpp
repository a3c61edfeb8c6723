#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "layer_pass.hpp"
#include "measure.hpp"

// Every pass of the suites' layers, as a plan runs it: OP_PASS/ISA/ALGORITHM/SUITE.LAYER/bN/tN.
namespace tilewise::bench {
namespace {

/// One, two, and all that this process may use.
std::vector<int> thread_counts() {
  const auto all = static_cast<int>(std::thread::hardware_concurrency());
  return all > 2 ? std::vector{1, 2, all} : std::vector{1, 2};
}

void measure(benchmark::State& state, const Setting& setting) {
  const std::unique_ptr<OpRun> op = make_run(setting);
  if (setting.layer.kind == LayerKind::max_pool2d)
    measure_bytes(state, setting.pool_bytes(), [&] { op->run(); });
  else
    measure_against_peak(
        state, setting.isa, setting.flops(), [&] { op->run(); }, setting.threads);
  state.SetLabel(op->algorithms());
}

void add_benchmarks(Isa isa, const Layer& layer, std::int64_t batch, int threads) {
  for (Pass pass : passes(layer))
    for (const std::string& algorithm : algorithms(layer, pass, isa)) {
      const Setting setting{layer, pass, isa, algorithm, batch, threads};
      benchmark::RegisterBenchmark(setting.name().c_str(), [=](benchmark::State& state) {
        measure(state, setting);
      })->Unit(benchmark::kMicrosecond);
    }
}

bool register_all() {
  for (Isa isa : available_isas()) {
    if (isa == Isa::reference) continue;  // measured in minutes, and nobody's choice
    for (const Suite& suite : suites)
      for (const Layer& layer : suite.layers)
        for (std::int64_t batch : suite.batches)
          for (int threads : thread_counts()) add_benchmarks(isa, layer, batch, threads);
  }
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace tilewise::bench
