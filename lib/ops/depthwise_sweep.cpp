#include "ops/depthwise_sweep.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

std::int64_t DepthwiseSweep::items(std::int64_t channel_block) const noexcept {
  return base::ceil_div(channels, channel_block) * rows.out();
}

template <class T>
void DepthwiseSweep::run(const kernels::KernelTable<T>& table, const T* in_base, const T* weights, const T* bias,
                         T* out, const Work& work) const {
  if (work.image_end == work.image_begin) return;
  const base::WeightsLayout layout{kernel.height * kernel.width, group, channels, table.channel_block};
  const std::int64_t tap_weights = layout.in * layout.block;
  const std::int64_t direction = is_backward ? -1 : 1;
  kernels::DepthwiseTileArgs<T> args{};
  args.in_row = rows.place_step * in.width * channels;
  args.in_column = columns.place_step * channels;
  args.weights_row = direction * rows.tap_step * kernel.width * tap_weights;
  args.weights_column = direction * columns.tap_step * tap_weights;
  args.group = static_cast<std::int32_t>(group);
  args.activation = activation;

  const auto call = [&](std::int64_t block, std::int64_t row, std::int64_t column, std::int64_t image) {
    const TapRange &vertical = rows.taps[static_cast<std::size_t>(row)],
                   &horizontal = columns.taps[static_cast<std::size_t>(column)];
    const std::int64_t first = vertical.first * kernel.width + horizontal.first;
    const std::int64_t tap = is_backward ? layout.taps - 1 - first : first;
    const base::WeightsLayout::Channels block_channels = layout.channels(block);
    args.in = in_base + image * in_image() + (vertical.first_place * in.width + horizontal.first_place) * channels +
              block_channels.first;
    args.weights = weights + block * layout.block_elements() + tap * tap_weights;
    args.bias = bias ? bias + block * layout.block : nullptr;
    args.out = out + image * out_image() + (row * columns.out() + column) * channels + block_channels.first;
    args.rows = static_cast<std::int32_t>(vertical.count);
    args.columns = static_cast<std::int32_t>(horizontal.count);
    args.channels = static_cast<std::int32_t>(block_channels.count);
    table.depthwise_tile(args);
  };

  const std::int64_t images = work.image_end - work.image_begin;
  const bool across_images = columns.prefers_images(images, table.tile_places);
  for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
    const std::int64_t block = item / rows.out(), row = item % rows.out();
    if (across_images) {
      args.in_step = in_image();
      args.out_step = out_image();
      args.count = images;
      for (std::int64_t column = 0; column < columns.out(); ++column) call(block, row, column, work.image_begin);
    } else {
      args.in_step = columns.advance * channels;
      for (const SweepAxis::Run& run : columns.runs) {
        args.out_step = run.step * channels;
        args.count = run.count;
        for (std::int64_t image = work.image_begin; image < work.image_end; ++image) call(block, row, run.begin, image);
      }
    }
  }
}

#define TILEWISE_INSTANTIATE(T)                                                                                    \
  template void DepthwiseSweep::run(const kernels::KernelTable<T>&, const T*, const T*, const T*, T*, const Work&) \
      const;
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
