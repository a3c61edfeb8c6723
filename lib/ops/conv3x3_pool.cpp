#include "ops/conv3x3_pool.hpp"

namespace tilewise::ops {

bool Conv3x3Pool::can_do(const Conv2DAttributes& attributes, std::int64_t in_channels) noexcept {
  const Window2D& window = attributes.window;
  return attributes.pool && attributes.pool->size == Extent2D{2, 2} && in_channels == 1 && attributes.groups == 1 &&
         window.size == Extent2D{3, 3} && window.stride == Extent2D{1, 1} && window.dilation == Extent2D{1, 1};
}

template <class T>
void Conv3x3Pool::run(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
                      std::uint8_t* index, const Work& work) const {
  const base::WeightsLayout layout{9, 1, out_channels, table.channel_block};
  T* const strip = reinterpret_cast<T*>(work.scratch);
  T* const winograd_strip = strip + strip_elements();
  kernels::WinogradPoolTileArgs<T> args{};
  args.in = winograd ? winograd_strip : strip;
  args.in_row = winograd ? winograd_row() : strips.row_elements();
  args.row_step = winograd ? 4 : strips.row_step();
  args.column_step = winograd ? 4 : strips.column_step();
  args.out_row = strips.out.width * out_channels;
  args.out_column = out_channels;
  args.columns = strips.out.width;
  args.activation = activation;
  for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
    for (std::int64_t row = work.item_begin; row < work.item_end; row += args.rows) {
      args.rows = std::min(strips.rows(), work.item_end - row);
      strips.copy(in + image * strips.in.height * strips.in.width, row, row + args.rows, strip);
      if (winograd)
        table.winograd_tiles({.in = strip,
                              .out = winograd_strip,
                              .in_row = strips.row_elements(),
                              .out_row = winograd_row(),
                              .rows = args.rows,
                              .columns = strips.out.width});
      for (std::int64_t block = 0; block < layout.blocks(); ++block) {
        const base::WeightsLayout::Channels channels = layout.channels(block);
        const std::int64_t place = (image * strips.out.height + row) * args.out_row + channels.first;
        args.weights = weights + block * layout.block_elements();
        args.bias = bias ? bias + block * layout.block : nullptr;
        args.out = out + place;
        args.index = index ? index + place : nullptr;
        args.out_channels = static_cast<std::int32_t>(channels.count);
        if (winograd)
          table.winograd_pool_tile(args);
        else
          table.conv3x3_pool_tile(args);
      }
    }
}

#define TILEWISE_INSTANTIATE(T)                                                                                   \
  template void Conv3x3Pool::run(const kernels::KernelTable<T>&, const T*, const T*, const T*, T*, std::uint8_t*, \
                                 const Work&) const;
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
