#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "kernels/select.hpp"
#include "measure.hpp"
#include "plan/peak.hpp"
#include "random_values.hpp"
#include "suites.hpp"

// The convolution kernels on whole layers, one thread, driven as plainly as can be: what the ops can reach at most.
namespace tilewise::bench {
namespace {

using namespace kernels;

base::AlignedBuffer random_floats(std::int64_t count) {
  base::AlignedBuffer buffer(static_cast<std::size_t>(count) * sizeof(float));
  fill_randomly(buffer.as<float>(), count, static_cast<std::uint64_t>(count));
  return buffer;
}

/// The taps of a `same` convolution that reach real input along one axis at output position `o`.
struct Overlap {
  std::int64_t first_tap, taps, first_in;
};
Overlap overlap(std::int64_t o, std::int64_t extent, std::int64_t kernel) {
  const std::int64_t start = o - kernel / 2;
  const std::int64_t first = std::max<std::int64_t>(0, -start);
  return {first, std::min(kernel, extent - start) - first, start + first};
}

/// A convolution of `images` x height x width x in_channels by conv_tile. Backward-data is the same with channels
/// exchanged.
class TiledConv {
 public:
  TiledConv(const KernelTable<float>& table, Layer layer, std::int64_t batch)
      : table_(table),
        layer_(layer),
        batch_(batch),
        block_(table.channel_block),
        blocks_((layer.out_channels + block_ - 1) / block_),
        in_(random_floats(batch * in_image())),
        weights_(random_floats(blocks_ * block_elements())),
        bias_(random_floats(blocks_ * block_)),
        out_(random_floats(batch * out_image())),
        index_(static_cast<std::size_t>(batch * out_image())) {
    const std::int64_t window = layer.pooled ? 2 : 1;
    for (std::int64_t y = 0; y < layer.height; y += window)
      for (std::int64_t x = 0; x < layer.width; x += window)
        for (std::int64_t dy = 0; dy < window; ++dy)
          for (std::int64_t dx = 0; dx < window; ++dx) {
            const Overlap rows = overlap(y + dy, layer.height, layer.kernel);
            const Overlap columns = overlap(x + dx, layer.width, layer.kernel);
            positions_.push_back(
                {.in_offset = (rows.first_in * layer.width + columns.first_in) * layer.in_channels,
                 .weights_offset = (rows.first_tap * layer.kernel + columns.first_tap) * layer.in_channels * block_,
                 .rows = static_cast<std::int32_t>(rows.taps),
                 .columns = static_cast<std::int32_t>(columns.taps)});
          }
  }

  void forward() {
    const std::int32_t window = layer_.pooled ? 4 : 1;
    const std::int64_t outputs = static_cast<std::int64_t>(positions_.size()) / window;
    // Long sums (dense) go in pieces whose weights stay in the first-level cache while all images use them.
    const std::int64_t depth =
        layer_.kernel == 1 ? std::min<std::int64_t>(layer_.in_channels, 392) : layer_.in_channels;
    for (std::int64_t b = 0; b < blocks_; ++b) {
      for (std::int64_t o = 0; o < outputs; ++o) {
        for (std::int64_t k = 0; k < layer_.in_channels; k += depth) {
          const bool last = k + depth >= layer_.in_channels;
          table_.conv_tile(
              {.in = in_.as<float>() + k,
               .weights = weights_.as<float>() + b * block_elements() + k * block_,
               .bias = bias_.as<float>() + b * block_,
               .out = out_.as<float>() + o * layer_.out_channels + b * block_,
               .index = index_.as<std::uint8_t>() + o * layer_.out_channels + b * block_,
               .positions = positions_.data() + o * window,
               .in_step = in_image(),
               .in_row = layer_.width * layer_.in_channels,
               .in_column = layer_.in_channels,
               .weights_row = layer_.kernel * layer_.in_channels * block_,
               .weights_column = layer_.in_channels * block_,
               .out_step = out_image(),
               .index_step = out_image(),
               .count = batch_,
               .in_channels = std::min(depth, layer_.in_channels - k),
               .position_count = window,
               .out_channels = static_cast<std::int32_t>(std::min(block_, layer_.out_channels - b * block_)),
               .accumulate = k > 0,
               .activation = last ? Activation::relu : Activation::none});
        }
      }
    }
  }

  void backward_weights() {
    // Chunks of rows, or of whole images, whose input and gradient stay in the first-level cache while every tap reads
    // them; but not so short that reading and writing the sums would show. All of a pixel's channels count: their
    // stride keeps the others' sets idle.
    const std::int64_t floats_per_row = layer_.width * (layer_.in_channels + layer_.out_channels);
    const std::int64_t row_budget = std::max(chunk_floats / floats_per_row, min_chunk_places / layer_.width);
    const std::int64_t chunk_rows = std::clamp<std::int64_t>(row_budget, 1, layer_.height);
    const std::int64_t chunk_images = std::clamp<std::int64_t>(row_budget / layer_.height, 1, batch_);
    for (std::int64_t b = 0; b < blocks_; ++b)
      for (std::int64_t image = 0; image < batch_; image += chunk_images)
        for (std::int64_t y = 0; y < layer_.height; y += chunk_rows)
          for (std::int64_t r = 0; r < layer_.kernel; ++r)
            for (std::int64_t c = 0; c < layer_.kernel; ++c)
              backward_weights_tap(b, r, c, image, std::min(chunk_images, batch_ - image), y,
                                   std::min(y + chunk_rows, layer_.height));
  }

 private:
  static constexpr std::int64_t chunk_floats = 8192, min_chunk_places = 64;

  /// Output rows [y_begin, y_end) of `images` images.
  void backward_weights_tap(std::int64_t b, std::int64_t r, std::int64_t c, std::int64_t image, std::int64_t images,
                            std::int64_t y_begin, std::int64_t y_end) {
    // The outputs that tap (r, c) reaches from real input.
    const std::int64_t dy = r - layer_.kernel / 2, dx = c - layer_.kernel / 2;
    const std::int64_t y = std::max(y_begin, -dy), x = std::max<std::int64_t>(0, -dx);
    table_.conv_weights_tile(
        {.in = in_.as<float>() + image * in_image() + ((y + dy) * layer_.width + x + dx) * layer_.in_channels,
         .out_gradient =
             out_.as<float>() + image * out_image() + (y * layer_.width + x) * layer_.out_channels + b * block_,
         .weights_gradient =
             weights_.as<float>() + b * block_elements() + (r * layer_.kernel + c) * layer_.in_channels * block_,
         .in_image = in_image(),
         .in_row = layer_.width * layer_.in_channels,
         .in_column = layer_.in_channels,
         .out_image = out_image(),
         .out_row = layer_.width * layer_.out_channels,
         .out_column = layer_.out_channels,
         .images = images,
         .rows = std::min(y_end, layer_.height - dy) - y,
         .columns = layer_.width - std::abs(dx),
         .in_channels = layer_.in_channels,
         .out_channels = static_cast<std::int32_t>(std::min(block_, layer_.out_channels - b * block_)),
         .accumulate = image > 0 || y_begin > 0});
  }

  std::int64_t in_image() const { return layer_.height * layer_.width * layer_.in_channels; }
  std::int64_t out_image() const { return layer_.height * layer_.width * layer_.out_channels; }
  std::int64_t block_elements() const { return layer_.kernel * layer_.kernel * layer_.in_channels * block_; }

  const KernelTable<float>& table_;
  Layer layer_;
  std::int64_t batch_, block_, blocks_;
  std::vector<ConvTaps> positions_;
  base::AlignedBuffer in_, weights_, bias_, out_, index_;
};

void add_benchmark(Isa isa, const std::string& pass, const Layer& layer, const std::function<void(TiledConv&)>& run,
                   const Layer& driven) {
  const std::string kernel = layer.kind == LayerKind::dense
                                 ? "dense"
                                 : "conv" + std::to_string(layer.kernel) + "x" + std::to_string(layer.kernel);
  const std::string name = kernel + "_" + pass + "/" + std::string(isa_name(isa)) + "/" + layer.name + "/b" +
                           std::to_string(notebook_batch) + "/t1";
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    TiledConv conv(table(isa), driven, notebook_batch);
    measure_against_peak(state, isa, layer.flops() * double(notebook_batch), [&] { run(conv); });
  })->Unit(benchmark::kMicrosecond);
}

bool register_all() {
  for (Isa isa : available_isas()) {
    if (isa == Isa::reference) continue;  // measured in minutes, and nobody's choice
    for (const Layer& layer : notebook_layers) {
      if (layer.kind == LayerKind::max_pool2d) continue;
      add_benchmark(
          isa, "forward", layer, [](TiledConv& conv) { conv.forward(); }, layer);
      if (layer.pooled) continue;
      Layer transposed = layer;
      std::swap(transposed.in_channels, transposed.out_channels);
      if (layer.in_channels > 1)
        add_benchmark(
            isa, "backward_data", layer, [](TiledConv& conv) { conv.forward(); }, transposed);
      add_benchmark(
          isa, "backward_weights", layer, [](TiledConv& conv) { conv.backward_weights(); }, layer);
    }
    benchmark::RegisterBenchmark(("fma_peak/" + std::string(isa_name(isa))).c_str(), [isa](benchmark::State& state) {
      double best = 0;
      for (auto _ : state) best = std::max(best, plan::measure_fma_peak(isa));
      state.counters["GFLOPS"] = best;
    })->Unit(benchmark::kMicrosecond);
  }
  return true;
}

const bool registered = register_all();

}  // namespace
}  // namespace tilewise::bench
