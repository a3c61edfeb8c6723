#include "ops/conv_weights_gradient.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/checked.hpp"
#include "ops/conv_algorithm.hpp"

namespace tilewise::ops {

namespace {

/// Input channels of one item: fine enough to share a small layer among many lanes.
constexpr std::int64_t slice_channels = 32;

/// The packed rows of at most few_outputs output channels, with image and gradient in each other's place: the input
/// channels fill the vectors. The sums are the same chains.
template <class T>
void run_swapped(const kernels::KernelTable<T>& table, const kernels::ConvWeightsTileArgs<T>& args) {
  const std::int64_t block = table.channel_block, outputs = args.out_channels;
  std::array<T, few_outputs * slice_channels> sums;  // [output channel][block of input channels]
  for (std::int64_t first = 0; first < args.in_channels; first += block) {
    const std::int64_t count = std::min(block, args.in_channels - first);
    T* const rows = args.weights_gradient + first * block;
    if (!args.accumulate) std::fill_n(rows, count * block, T{});
    for (std::int64_t k = 0; args.accumulate && k < count; ++k)
      for (std::int64_t n = 0; n < outputs; ++n) sums[static_cast<std::size_t>(n * block + k)] = rows[k * block + n];
    kernels::ConvWeightsTileArgs<T> swapped = args;
    swapped.in = args.out_gradient;
    swapped.out_gradient = args.in ? args.in + first : nullptr;  // null: of no places
    swapped.weights_gradient = sums.data();
    std::swap(swapped.in_image, swapped.out_image);
    std::swap(swapped.in_row, swapped.out_row);
    std::swap(swapped.in_column, swapped.out_column);
    swapped.in_channels = outputs;
    swapped.out_channels = static_cast<std::int32_t>(count);
    table.conv_weights_tile(swapped);
    for (std::int64_t k = 0; k < count; ++k)
      for (std::int64_t n = 0; n < outputs; ++n) rows[k * block + n] = sums[static_cast<std::size_t>(n * block + k)];
  }
}

/// One axis of a tap: the outputs [first, end) whose input under the tap is real, and the input under `first`.
struct TapOutputs {
  std::int64_t first, end, in;

  TapOutputs(std::int64_t tap, std::int64_t in_extent, std::int64_t out_extent, std::int64_t stride,
             std::int64_t dilation, std::int64_t pad_before, std::int64_t begin, std::int64_t limit) {
    const std::int64_t origin = tap * dilation - pad_before;
    first = std::max(begin, origin < 0 ? base::ceil_div(-origin, stride) : 0);
    end = origin < in_extent ? std::min({limit, out_extent, (in_extent - 1 - origin) / stride + 1}) : first;
    in = origin + first * stride;
  }
  std::int64_t count() const noexcept { return std::max<std::int64_t>(0, end - first); }
};

}  // namespace

std::int64_t ConvWeightsGradient::slices() const noexcept {
  return base::ceil_div(in_channels / groups, slice_channels);
}

std::int64_t ConvWeightsGradient::items(std::int64_t channel_block) const noexcept {
  return layout(channel_block).blocks() * items_of_block();
}

template <class T>
void ConvWeightsGradient::run(const kernels::KernelTable<T>& table, const T* image, const T* out_gradient,
                              T* weights_gradient, T* bias_gradient, const Work& work) const {
  const GradientChunks chunks(in, out, window.stride.height, in_channels, out_channels, sizeof(T));
  // An empty batch still makes one round, which writes the zeros.
  const std::int64_t count = std::max<std::int64_t>(1, chunks.count(work.batch));
  for (std::int64_t number = 0; number < count; ++number) {
    const GradientChunks::Chunk chunk = chunks.chunk(number, work.batch);
    const bool accumulate = number > 0;
    const T* chunk_image = image + chunk.first_image * in.height * in.width * in_channels;
    const T* chunk_gradient = out_gradient + chunk.first_image * out.height * out.width * out_channels;
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      if (weights_gradient) run_tile(table, chunk_image, chunk_gradient, weights_gradient, item, chunk, accumulate);
      // Of several images a chunk has all rows: its places are neighbours.
      if (bias_gradient && (item + 1) % items_of_block() == 0)
        sum_bias_gradient(table, chunk_gradient + chunk.row_begin * out.width * out_channels,
                          chunk.images * (chunk.row_end - chunk.row_begin) * out.width, layout(table.channel_block),
                          item / items_of_block(), bias_gradient, accumulate);
    }
  }
}

template <class T>
void ConvWeightsGradient::run_tile(const kernels::KernelTable<T>& table, const T* image, const T* out_gradient,
                                   T* weights_gradient, std::int64_t item, const GradientChunks::Chunk& chunk,
                                   bool accumulate) const {
  const std::int64_t tap = item % taps();
  const std::int64_t channel = item / taps() % slices() * slice_channels;
  const std::int64_t block = item / taps() / slices();
  const base::WeightsLayout weights = layout(table.channel_block);
  const base::WeightsLayout::Channels channels = weights.channels(block);
  const TapOutputs rows(tap / window.size.width, in.height, out.height, window.stride.height, window.dilation.height,
                        window.padding.top, chunk.row_begin, chunk.row_end);
  const TapOutputs columns(tap % window.size.width, in.width, out.width, window.stride.width, window.dilation.width,
                           window.padding.left, 0, out.width);
  const bool empty = chunk.images * rows.count() * columns.count() == 0;
  if (empty && accumulate) return;

  kernels::ConvWeightsTileArgs<T> args{};
  args.weights_gradient = weights_gradient + ((block * taps() + tap) * weights.in + channel) * weights.block;
  args.in_channels = std::min(slice_channels, weights.in - channel);
  args.out_channels = static_cast<std::int32_t>(channels.count);
  args.accumulate = accumulate;
  if (!empty) {
    args.in = image + (rows.in * in.width + columns.in) * in_channels + channels.group * weights.in + channel;
    args.out_gradient = out_gradient + (rows.first * out.width + columns.first) * out_channels + channels.first;
    args.images = chunk.images;
    args.rows = rows.count();
    args.columns = columns.count();
    args.in_image = in.height * in.width * in_channels;
    args.in_row = window.stride.height * in.width * in_channels;
    args.in_column = window.stride.width * in_channels;
    args.out_image = out.height * out.width * out_channels;
    args.out_row = out.width * out_channels;
    args.out_column = out_channels;
  }
  if (conv_algorithm(weights.groups, in_channels, out_channels) == ConvAlgorithm::dots &&
      table.channel_block <= slice_channels)
    run_swapped(table, args);
  else
    table.conv_weights_tile(args);
}

template <class T>
void sum_bias_gradient(const kernels::KernelTable<T>& table, const T* out_gradient, std::int64_t rows,
                       const base::WeightsLayout& layout, std::int64_t block, T* bias_gradient, bool accumulate) {
  const base::WeightsLayout::Channels channels = layout.channels(block);
  T* sums = bias_gradient + block * layout.block;
  table.column_sum({out_gradient + channels.first, sums, layout.out, rows, channels.count, accumulate});
  std::fill_n(sums + channels.count, layout.block - channels.count, T{});
}

#define TILEWISE_INSTANTIATE(T)                                                                                       \
  template void ConvWeightsGradient::run(const kernels::KernelTable<T>&, const T*, const T*, T*, T*, const Work&)     \
      const;                                                                                                          \
  template void sum_bias_gradient(const kernels::KernelTable<T>&, const T*, std::int64_t, const base::WeightsLayout&, \
                                  std::int64_t, T*, bool);
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
