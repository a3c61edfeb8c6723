#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "kernels/select.hpp"
#include "layers.hpp"
#include "measure.hpp"
#include "op_run.hpp"
#include "ops/conv2d.hpp"
#include "ops/dense.hpp"

// Whole ops as a plan of one step runs them: what the layers of a network cost.
namespace tilewise::bench {
namespace {

using ops::Storage;
using ops::TensorSpec;

bool is_dense(const Layer& layer) {
  return layer.height == 1;
}

OpRun dense_run(const ops::Kernels& kernels, const Layer& layer, Pass pass, std::int64_t batch, int threads) {
  const TensorSpec in{{layer.in_channels}}, out{{layer.out_channels}}, bias{{layer.out_channels}, Storage::packed};
  const TensorSpec kernel{{layer.in_channels, layer.out_channels}, Storage::packed};
  const TensorSpec transposed{{layer.out_channels, layer.in_channels}, Storage::packed};
  if (pass == Pass::forward)
    return {kernels, std::make_shared<ops::Dense>(kernels::Activation::relu), {in, kernel, bias}, {0}, batch, threads};
  const bool data = pass == Pass::backward_data;
  return {kernels,
          std::make_shared<ops::DenseBackward>(),
          {out, in, data ? transposed : TensorSpec{}},
          data ? std::vector{0} : std::vector{1, 2},
          batch,
          threads};
}

OpRun conv2d_run(const ops::Kernels& kernels, const Layer& layer, Pass pass, std::int64_t batch, int threads) {
  const std::int64_t pad = layer.kernel / 2;
  const ops::Window2D window{{layer.kernel, layer.kernel}, {1, 1}, {1, 1}, {pad, pad, pad, pad}};
  const TensorSpec in{{layer.height, layer.width, layer.in_channels}};
  const TensorSpec out{{layer.height, layer.width, layer.out_channels}};
  const TensorSpec kernel{{layer.kernel, layer.kernel, layer.in_channels, layer.out_channels}, Storage::packed};
  const TensorSpec transposed{{layer.kernel, layer.kernel, layer.out_channels, layer.in_channels}, Storage::packed};
  if (pass == Pass::forward) {
    ops::Conv2DAttributes attributes{window, kernels::Activation::relu};
    if (layer.pooled) attributes.pool = ops::Window2D{{2, 2}, {2, 2}};
    return {kernels,
            std::make_shared<ops::Conv2D>(attributes),
            {in, kernel, {{layer.out_channels}, Storage::packed}},
            layer.pooled ? std::vector{0, 1} : std::vector{0},
            batch,
            threads};
  }
  const bool data = pass == Pass::backward_data;
  return {kernels,
          std::make_shared<ops::Conv2DBackward>(window, kernel.shape),
          {out, in, data ? transposed : TensorSpec{}},
          data ? std::vector{0} : std::vector{1, 2},
          batch,
          threads};
}

void add_benchmark(Isa isa, const Layer& layer, Pass pass, std::int64_t batch, int threads) {
  const std::string name = std::string(is_dense(layer) ? "dense_" : "conv2d_") + pass_name(pass) + "/" +
                           std::string(isa_name(isa)) + "/direct/" + layer.name + "/b" + std::to_string(batch) + "/t" +
                           std::to_string(threads);
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    const ops::Kernels kernels(kernels::table(isa));
    OpRun op = (is_dense(layer) ? dense_run : conv2d_run)(kernels, layer, pass, batch, threads);
    measure_against_peak(
        state, isa, layer.flops() * double(batch), [&] { op.run(); }, threads);
  })->Unit(benchmark::kMicrosecond);
}

bool register_all() {
  for (Isa isa : available_isas()) {
    if (isa == Isa::reference) continue;  // measured in minutes, and nobody's choice
    for (const Layer& layer : notebook_layers)
      for (std::int64_t batch : {notebook_batch, std::int64_t{1}})
        for (int threads : {1, 2})
          for (Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
            const bool is_asked_for =
                pass == Pass::forward || (!layer.pooled && (pass == Pass::backward_weights || layer.in_channels > 1));
            if (is_asked_for) add_benchmark(isa, layer, pass, batch, threads);
          }
  }
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace tilewise::bench
