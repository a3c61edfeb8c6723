#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/flush_denormals.hpp"
#include "kernels/select.hpp"
#include "ops/conv2d.hpp"
#include "plan/parameters.hpp"
#include "random_values.hpp"
#include "suites.hpp"
#include "tilewise/ops.hpp"
#include "tilewise/runtime.hpp"
#include "times.hpp"

// What a call on the caller's own buffers costs beside its kernels: a prepared conv2d against the same phase called
// with nothing round it, in turn.
namespace tilewise::bench {
namespace {

/// A layer's tensors, as a caller has them.
struct Buffers {
  Shape x_shape, w_shape, y_shape;
  std::vector<float> x, w, bias, y;

  Buffers(const Layer& layer, std::int64_t batch)
      : x_shape{batch, layer.height, layer.width, layer.in_channels},
        w_shape{layer.kernel, layer.kernel, layer.in_channels, layer.out_channels},
        y_shape{batch, layer.height, layer.width, layer.out_channels},
        x(random_values(x_shape.elements(), 1)),
        w(random_values(w_shape.elements(), 2)),
        bias(random_values(layer.out_channels, 3)),
        y(static_cast<std::size_t>(y_shape.elements())) {}
};

/// The kernel calls of a convolution with ReLU, without plan and execution.
class KernelCalls {
 public:
  KernelCalls(const ops::Kernels& kernels, const Layer& layer, std::int64_t batch, Buffers& buffers)
      : batch_(batch), store_(kernels) {
    const std::int64_t pad = layer.kernel / 2;
    const ops::Conv2D conv(
        {{{layer.kernel, layer.kernel}, {1, 1}, {1, 1}, {pad, pad, pad, pad}}, kernels::Activation::relu});
    const std::vector<ops::TensorSpec> inputs{{{layer.height, layer.width, layer.in_channels}},
                                              {buffers.w_shape, ops::Storage::packed},
                                              {{layer.out_channels}, ops::Storage::packed}};
    step_ = conv.lower({kernels, inputs, conv.infer(inputs), {true}, batch});
    store_.set(store_.add("w", inputs[1].shape), buffers.w.data());
    store_.set(store_.add("bias", inputs[2].shape), buffers.bias.data());
    tensors_ = {buffers.x.data(), store_.data(0), store_.data(1), buffers.y.data()};
  }

  void run() const {
    const base::FlushDenormals flush;
    for (const ops::Phase& phase : step_.phases)
      phase.run(tensors_.data(), {batch_, 0, batch_, 0, phase.items, nullptr});
  }

 private:
  std::int64_t batch_;
  plan::ParameterStore store_;
  ops::Step step_;
  std::vector<void*> tensors_;
};

void measure(benchmark::State& state, Isa isa, const Layer& layer, std::int64_t batch) {
  set_isa(isa);
  set_threads(1);
  Buffers buffers(layer, batch);
  const KernelCalls kernels(ops::Kernels(kernels::table(isa)), layer, batch, buffers);
  PreparedConv2D op = prepare_conv2d(buffers.x_shape, {.padding = same, .activation = relu, .algorithm = "direct"},
                                     {buffers.w.data(), buffers.w_shape}, {buffers.bias.data(), {layer.out_channels}});
  const ConstTensorView x(buffers.x.data(), buffers.x_shape);
  const TensorView y(buffers.y.data(), buffers.y_shape);
  std::vector<double> alone, prepared;
  for (auto _ : state) {
    alone.push_back(seconds_of([&] { kernels.run(); }));
    prepared.push_back(seconds_of([&] { op.run(x, y); }));
  }
  const double alone_seconds = quartile(alone), prepared_seconds = quartile(prepared);
  state.counters["kernels_us"] = alone_seconds * 1e6;
  state.counters["prepared_us"] = prepared_seconds * 1e6;
  state.counters["overhead_percent"] = (prepared_seconds / alone_seconds - 1) * 100;
  set_threads(0);
  set_isa(default_isa());
}

bool register_all() {
  for (Isa isa : available_isas()) {
    if (isa == Isa::reference) continue;
    for (const Layer& layer : notebook_layers) {
      if (layer.pooled || layer.kind != LayerKind::conv2d) continue;
      for (std::int64_t batch : {notebook_batch, std::int64_t{1}}) {
        const std::string name =
            "prepared_conv2d/" + std::string(isa_name(isa)) + "/direct/" + layer.name + "/b" + std::to_string(batch);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
          measure(state, isa, layer, batch);
        })->Unit(benchmark::kMicrosecond);
      }
    }
  }
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace tilewise::bench
