#include <benchmark/benchmark.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/select.hpp"
#include "measure.hpp"
#include "op_run.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/depthwise_conv2d.hpp"
#include "ops/transpose_weights.hpp"

// Convolutions away from the common shapes: few channels, groups, depthwise, transposed. None may fall off a cliff: a
// tenth of the peak, or the speed of the memory.
namespace tilewise::bench {
namespace {

using ops::TensorSpec;
using plan::ValueId;

constexpr std::int64_t batch = 16;

/// A square convolution with padding kernel / 2; depthwise if in_channels == groups.
struct ConvShape {
  std::int64_t extent, in_channels, out_channels, kernel, stride, groups;

  ops::Window2D window() const {
    const std::int64_t pad = kernel / 2;
    return {{kernel, kernel}, {stride, stride}, {1, 1}, {pad, pad, pad, pad}};
  }
  std::int64_t out() const { return window().out({extent, extent}).height; }
  double flops() const { return 2.0 * double(out() * out() * kernel * kernel * (in_channels / groups) * out_channels); }
  /// Of image and result, each once.
  double bytes() const { return 4.0 * double(extent * extent * in_channels + out() * out() * out_channels); }
  TensorSpec image() const { return {{extent, extent, in_channels}}; }
  std::string name() const {
    return std::to_string(extent) + "x" + std::to_string(extent) + "x" + std::to_string(in_channels) + "-" +
           std::to_string(out_channels) + "/k" + std::to_string(kernel) + "s" + std::to_string(stride) + "g" +
           std::to_string(groups);
  }
};

std::vector<ValueId> emit_conv2d(PassGraph& graph, const ConvShape& shape, Pass pass) {
  const auto op =
      std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = shape.window(), .groups = shape.groups});
  const ValueId x = graph.input("x", shape.image());
  const ValueId kernel = graph.parameter(
      "kernel", {shape.kernel, shape.kernel, shape.in_channels / shape.groups, shape.out_channels}, shape.groups);
  return graph.emit_pass(pass, op, {x, kernel, graph.parameter("bias", {shape.out_channels}, shape.groups)});
}

std::vector<ValueId> emit_depthwise(PassGraph& graph, const ConvShape& shape, Pass pass) {
  const ValueId x = graph.input("x", shape.image());
  const ValueId kernel = graph.parameter("kernel", {shape.kernel, shape.kernel, shape.out_channels});
  return graph.emit_pass(pass, std::make_shared<ops::DepthwiseConv2D>(shape.window()),
                         {x, kernel, graph.parameter("bias", {shape.out_channels})});
}

/// `shape` is that of the convolution which it is the adjoint of: image and result change places.
std::vector<ValueId> emit_transpose(PassGraph& graph, const ConvShape& shape, Pass pass) {
  const ops::Window2D window = shape.window();
  const TensorSpec image{{shape.out(), shape.out(), shape.out_channels}};
  const std::int64_t added = shape.extent - window.transposed_out({shape.out(), shape.out()}, {0, 0}).height;
  const ValueId x = graph.input("x", image);
  const ValueId kernel = graph.parameter("kernel", {shape.kernel, shape.kernel, shape.in_channels, shape.out_channels});
  const ValueId transposed = graph.emit(std::make_shared<ops::TransposeWeights>(), {kernel})[0];
  return graph.emit_pass(pass, std::make_shared<ops::Conv2DTranspose>(window, ops::Extent2D{added, added}),
                         {x, kernel, transposed, graph.parameter("bias", {shape.in_channels})});
}

using Emit = std::vector<ValueId> (*)(PassGraph&, const ConvShape&, Pass);

void add_benchmarks(const char* kind, Emit emit, const ConvShape& shape) {
  for (Isa isa : available_isas()) {
    if (isa == Isa::reference) continue;
    for (Pass pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
      const std::string name =
          std::string("shape_") + kind + "_" + pass_name(pass) + "/" + std::string(isa_name(isa)) + "/" + shape.name();
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
        const ops::Kernels kernels(kernels::table(isa));
        OpRun op(
            kernels, [&](PassGraph& graph) { return emit(graph, shape, pass); }, batch, 1, "direct");
        measure_against_peak(state, isa, shape.flops() * double(batch), [&] { op.run(); });
        state.counters["GBps"] = state.counters["GFLOPS"] * shape.bytes() / shape.flops();
      })->Unit(benchmark::kMicrosecond);
    }
  }
}

bool register_all() {
  for (std::int64_t in : {1, 3, 4})
    for (std::int64_t out : {32, 64}) {
      add_benchmarks("conv2d", emit_conv2d, {32, in, out, 3, 1, 1});
      add_benchmarks("conv2d", emit_conv2d, {32, in, out, 5, 1, 1});
      add_benchmarks("conv2d", emit_conv2d, {64, in, out, 7, 2, 1});
    }
  for (std::int64_t out : {1, 3, 4}) add_benchmarks("conv2d", emit_conv2d, {32, 32, out, 3, 1, 1});
  for (std::int64_t groups : {2, 4, 32}) {
    add_benchmarks("conv2d", emit_conv2d, {28, 64, 64, 3, 1, groups});
    add_benchmarks("conv2d", emit_conv2d, {14, 256, 256, 3, 1, groups});
  }
  for (std::int64_t kernel : {3, 5})
    for (std::int64_t times : {1, 2}) {
      add_benchmarks("depthwise_conv2d", emit_depthwise, {28, 64, 64 * times, kernel, 1, 64});
      add_benchmarks("depthwise_conv2d", emit_depthwise, {14, 256, 256 * times, kernel, 2, 256});
    }
  for (std::int64_t kernel : {2, 3, 4}) add_benchmarks("conv2d_transpose", emit_transpose, {28, 32, 64, kernel, 2, 1});
  add_benchmarks("conv2d_transpose", emit_transpose, {28, 3, 32, 3, 1, 1});
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace tilewise::bench
