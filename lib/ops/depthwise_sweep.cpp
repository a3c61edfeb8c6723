#include "ops/depthwise_sweep.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

std::int64_t DepthwiseSweep::items(std::int64_t channel_block) const noexcept {
  return (is_folded() ? 1 : base::ceil_div(channels, channel_block)) * rows.out();
}

std::int64_t DepthwiseSweep::scratch_bytes(std::int64_t element_bytes) const noexcept {
  return is_folded() ? base::checked_mul(columns.out() * channels, element_bytes) : 0;
}

template <class T>
void DepthwiseSweep::run(const kernels::KernelTable<T>& table, const T* in_base, const T* weights, const T* bias,
                         T* out_base, const Work& work) const {
  if (work.image_end == work.image_begin) return;
  const base::WeightsLayout layout{kernel.height * kernel.width, group, channels, table.channel_block};
  const std::int64_t tap_weights = layout.in * layout.block;
  const std::int64_t direction = is_backward ? -1 : 1;
  kernels::DepthwiseTileArgs<T> args{};
  args.in_row = rows.place_step * in.width * in_channels();
  args.in_column = columns.place_step * in_channels();
  args.weights_row = direction * rows.tap_step * kernel.width * tap_weights;
  args.weights_column = direction * columns.tap_step * tap_weights;
  args.weights_block = layout.block_elements();
  args.group = static_cast<std::int32_t>(group);
  args.times = static_cast<std::int32_t>(is_backward ? 1 : times);
  args.activation = activation;

  // `out` is where the result of this place begins, channel 0.
  const auto call = [&](const Part& part, std::int64_t column, std::int64_t image, T* out) {
    const TapRange &vertical = rows.taps[static_cast<std::size_t>(part.row)],
                   &horizontal = columns.taps[static_cast<std::size_t>(column)];
    const std::int64_t first = vertical.first * kernel.width + horizontal.first;
    const std::int64_t tap = is_backward ? layout.taps - 1 - first : first;
    args.in = in_base + image * in_image() +
              (vertical.first_place * in.width + horizontal.first_place) * in_channels() +
              part.first_channel / args.times;
    args.skip = static_cast<std::int32_t>(part.first_channel % args.times);
    args.weights = weights + part.first_channel / layout.block * layout.block_elements() + tap * tap_weights;
    args.bias = bias ? bias + part.first_channel : nullptr;
    args.out = out + part.first_channel;
    args.rows = static_cast<std::int32_t>(vertical.count);
    args.columns = static_cast<std::int32_t>(horizontal.count);
    args.channels = part.channels;
    table.depthwise_tile(args);
  };
  const auto out_row = [&](std::int64_t image, std::int64_t row) {
    return out_base + (image * rows.out() + row) * columns.out() * out_channels();
  };

  const std::int64_t images = work.image_end - work.image_begin;
  if (!is_folded() && columns.prefers_images(images, table.tile_places)) {
    args.in_step = in_image();
    args.out_step = rows.out() * columns.out() * channels;
    args.count = images;
    for_parts(work, layout, [&](const Part& part) {
      for (std::int64_t column = 0; column < columns.out(); ++column)
        call(part, column, work.image_begin, out_row(work.image_begin, part.row) + column * channels);
    });
    return;
  }
  // In the order of the memory: the images are too much for a cache, the weights are not. (Prefetching the next row for
  // writing won 13% on 14x14x256 with stride 2 and lost 10% with kernels of 5x5: AVX-512, "Intel(R) Xeon(R)
  // Processor".)
  args.in_step = columns.advance * in_channels();
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for_parts(work, layout, [&](const Part& part) {
      T* const result = out_row(image, part.row);
      T* const sums = is_folded() ? reinterpret_cast<T*>(work.scratch) : result;
      for (const SweepAxis::Run& run : columns.runs) {
        args.out_step = run.step * channels;
        args.count = run.count;
        call(part, run.begin, image, sums + run.begin * channels);
      }
      if (is_folded()) table.fold_channels({sums, result, columns.out() * out_channels(), times});
    });
}

template <class F>
void DepthwiseSweep::for_parts(const Work& work, const base::WeightsLayout& layout, const F& f) const {
  const std::int64_t blocks = is_folded() ? 1 : layout.blocks(), step = is_folded() ? channels : layout.block;
  for (std::int64_t begin = work.item_begin, end; begin < work.item_end; begin = end) {
    const std::int64_t row = begin / blocks, first = begin % blocks * step;
    end = std::min(work.item_end, (row + 1) * blocks);
    f(Part{row, first, std::min(channels, (end - row * blocks) * step) - first});
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
