#include "ops/region_gradient.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

namespace {

constexpr std::size_t out_gradient_tensor = 0, image_tensor = 1, weights_tensor = 4, bias_tensor = 5,
                      workspace_tensor = 6;

/// What one item reads of a place at a time: about a block. (Not a block: sums do not depend on the ISA.)
constexpr std::int64_t chunk_channels = 32;

/// With more input channels one tap's make a tile.
constexpr std::int64_t few_channels = 8;

}  // namespace

RegionGradient::RegionGradient(const Window2D& window, Extent2D in, std::int64_t in_channels, std::int64_t out_channels,
                               Kind kind, std::int64_t group)
    : window_(window),
      in_(in),
      out_(window.out(in)),
      in_channels_(in_channels),
      out_channels_(out_channels),
      kind_(kind),
      group_(group),
      slot_count_(GradientSlots::count_for(out_channels)),
      regions_(window, in) {}

bool RegionGradient::has_few_channels(const Window2D& window, std::int64_t in_channels, std::int64_t groups) noexcept {
  return groups == 1 && in_channels <= few_channels && window.size.width > 1 && window.dilation.width == 1;
}

template <class T>
void RegionGradient::lower(const kernels::KernelTable<T>& table, bool weights_wanted, bool bias_wanted,
                           Step& step) const {
  const GradientSlots slots = this->slots(table.channel_block);
  const std::int64_t blocks = slots.layout.blocks();
  const bool is_packed_closer = kind_ == Kind::small_groups, is_direct = slots.count == 1 && !is_packed_closer;
  if (!is_direct)
    step.workspace_bytes.push_back(
        base::checked_mul(base::checked_mul(slots.count, static_cast<std::int64_t>(sizeof(T))), slots.elements()));
  const auto slot_of = [=](Tensors tensors, std::int64_t number) {
    if (is_direct) return Gradients<T>{tensor<T>(tensors, weights_tensor), tensor<T>(tensors, bias_tensor)};
    return slots.slot(tensor<T>(tensors, workspace_tensor), number, weights_wanted, bias_wanted);
  };
  step.phases.push_back(
      {"weights", slots.count * blocks, false, 0, [=, *this, &table](Tensors tensors, const Work& work) {
         for (std::int64_t begin = work.item_begin, end; begin < work.item_end; begin = end) {
           const std::int64_t number = begin / blocks;
           end = std::min(work.item_end, (number + 1) * blocks);
           sum_slot(table, tensors, work.batch, number, {begin % blocks, end - begin}, slot_of(tensors, number));
         }
       }});
  if (is_direct) return;
  step.phases.push_back(
      {"slots", blocks, false, 0, [=, *this, &table](Tensors tensors, const Work& work) {
         const Gradients<T> results{tensor<T>(tensors, weights_tensor), tensor<T>(tensors, bias_tensor)};
         const Gradients<T> sums = is_packed_closer ? slot_of(tensors, 0) : results;
         slots.add(table, tensor<T>(tensors, workspace_tensor), sums, work.item_begin, work.item_end);
         if (!is_packed_closer) return;
         const SmallGroups groups{taps(), group_, out_channels_, slots.layout.block};
         for (std::int64_t block = work.item_begin; block < work.item_end; ++block) {
           if (weights_wanted) groups.unpack_weights(block, slots.weights_of(sums, block), results.weights);
           if (bias_wanted) groups.unpack_bias(block, slots.bias_of(sums, block), results.bias);
         }
       }});
}

template <class T>
void RegionGradient::sum_slot(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t batch,
                              std::int64_t number, Blocks blocks, const Gradients<T>& gradients) const {
  const GradientSlots slots = this->slots(table.channel_block);
  slots.clear(gradients, blocks.first, blocks.first + blocks.count);
  const GradientChunks chunks(in_, out_, window_.stride.height, std::min(chunk_channels, in_channels_),
                              std::min(chunk_channels, out_channels_), sizeof(T));
  const std::int64_t count = chunks.count(batch);
  // All blocks of a chunk before the next one: blocks lie side by side in memory.
  for (std::int64_t piece = base::part_begin(number, slots.count, count);
       piece < base::part_begin(number + 1, slots.count, count); ++piece) {
    const GradientChunks::Chunk chunk = chunks.chunk(piece, batch);
    const T* image = tensor<const T>(tensors, image_tensor) + chunk.first_image * in_.height * in_.width * in_channels_;
    const T* out_gradient =
        tensor<const T>(tensors, out_gradient_tensor) + chunk.first_image * out_.height * out_.width * out_channels_;
    for (std::int64_t block = blocks.first; block < blocks.first + blocks.count; ++block) {
      const base::WeightsLayout::Channels channels = slots.layout.channels(block);
      if (gradients.weights) sum_chunk(table, chunk, channels, image, out_gradient, slots.weights_of(gradients, block));
      // Of several images a chunk has all rows: its places are neighbours.
      if (gradients.bias)
        table.column_sum({out_gradient + channels.first + chunk.row_begin * out_.width * out_channels_,
                          slots.bias_of(gradients, block), out_channels_,
                          chunk.images * (chunk.row_end - chunk.row_begin) * out_.width, channels.count, true});
    }
  }
}

template <class T>
void RegionGradient::sum_chunk(const kernels::KernelTable<T>& table, const GradientChunks::Chunk& chunk,
                               const base::WeightsLayout::Channels& channels, const T* image, const T* out_gradient,
                               T* weights_gradient) const {
  const std::int64_t tap_weights = layout(table.channel_block).in * table.channel_block;
  kernels::DepthwiseWeightsTileArgs<T> args{};
  args.in_image = in_.height * in_.width * in_channels_;
  args.in_row = window_.stride.height * in_.width * in_channels_;
  args.in_column = window_.stride.width * in_channels_;
  args.out_image = out_.height * out_.width * out_channels_;
  args.out_row = out_.width * out_channels_;
  args.out_column = out_channels_;
  args.images = chunk.images;
  args.tap_row = window_.dilation.height * in_.width * in_channels_;
  args.tap_column = window_.dilation.width * in_channels_;
  args.weights_row = window_.size.width * tap_weights;
  args.weights_column = tap_weights;
  args.channels = static_cast<std::int32_t>(channels.count);
  args.group = static_cast<std::int32_t>(group_);
  args.times = static_cast<std::int32_t>(kind_ == Kind::depthwise ? out_channels_ / in_channels_ : 1);
  args.skip = static_cast<std::int32_t>(channels.first % args.times);
  if (kind_ != Kind::few_channels) image += channels.first / args.times;
  out_gradient += channels.first;
  for (const TapRegions::Axis& rows : regions_.rows) {
    const std::int64_t begin = std::max(rows.begin, chunk.row_begin), end = std::min(rows.end, chunk.row_end);
    if (begin >= end) continue;
    args.rows = end - begin;
    args.tap_rows = static_cast<std::int32_t>(rows.taps.count);
    const std::int64_t in_row = rows.taps.first_place + (begin - rows.begin) * window_.stride.height;
    for (const TapRegions::Axis& columns : regions_.columns) {
      args.columns = columns.end - columns.begin;
      args.tap_columns = static_cast<std::int32_t>(columns.taps.count);
      args.in = image + (in_row * in_.width + columns.taps.first_place) * in_channels_;
      args.out_gradient = out_gradient + (begin * out_.width + columns.begin) * out_channels_;
      args.weights_gradient =
          weights_gradient + (rows.taps.first * window_.size.width + columns.taps.first) * tap_weights;
      sum_region(table, args);
    }
  }
}

template <class T>
void RegionGradient::sum_region(const kernels::KernelTable<T>& table,
                                const kernels::DepthwiseWeightsTileArgs<T>& args) const {
  if (kind_ != Kind::few_channels) return table.depthwise_weights_tile(args);
  // Neighbouring taps read neighbouring inputs, and so they are more channels of one tap.
  for (std::int64_t row = 0; row < args.tap_rows; ++row)
    table.conv_weights_tile({.in = args.in + row * args.tap_row,
                             .out_gradient = args.out_gradient,
                             .weights_gradient = args.weights_gradient + row * args.weights_row,
                             .in_image = args.in_image,
                             .in_row = args.in_row,
                             .in_column = args.in_column,
                             .out_image = args.out_image,
                             .out_row = args.out_row,
                             .out_column = args.out_column,
                             .images = args.images,
                             .rows = args.rows,
                             .columns = args.columns,
                             .in_channels = args.tap_columns * in_channels_,
                             .out_channels = args.channels,
                             .accumulate = true});
}

#define TILEWISE_INSTANTIATE(T) \
  template void RegionGradient::lower(const kernels::KernelTable<T>&, bool, bool, Step&) const;
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
