#include <benchmark/benchmark.h>

#include <string>
#include <thread>
#include <vector>

#include "kernels/select.hpp"
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

void measure(benchmark::State& state, Isa isa, const Layer& layer, Pass pass, std::int64_t batch, int threads) {
  OpRun op(
      ops::Kernels(kernels::table(isa)), [&](PassGraph& graph) { return emit_layer(graph, layer, pass); }, batch,
      threads);
  op.run();  // derives what follows from the weights
  if (layer.kind == LayerKind::max_pool2d) {
    measure_bytes(state, pool_bytes(layer, pass) * double(batch), [&] { op.run(); });
  } else {
    const double flops = layer.flops() * double(batch) * (pass == Pass::backward ? 2 : 1);
    measure_against_peak(
        state, isa, flops, [&] { op.run(); }, threads);
  }
  state.SetLabel(op.algorithms());
}

void add_benchmarks(Isa isa, const Layer& layer, std::int64_t batch, int threads) {
  for (Pass pass : passes(layer))
    for (const std::string& algorithm : algorithms(layer, pass, isa)) {
      const std::string name = op_name(layer, pass) + "/" + std::string(isa_name(isa)) + "/" + algorithm + "/" +
                               layer.name + "/b" + std::to_string(batch) + "/t" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        measure(state, isa, layer, pass, batch, threads);
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
