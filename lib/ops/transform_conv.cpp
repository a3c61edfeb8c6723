#include "ops/transform_conv.hpp"

#include <algorithm>

namespace tilewise::ops {

namespace {

/// What the slices of one block of images may take.
constexpr std::int64_t block_bytes = 1280 * 1024;
/// With fewer tiles the products wait for the weights.
constexpr std::int64_t min_tiles = 8;

/// The input slots of a tile whose first slot lies at `begin`: which of them the input has.
kernels::TileAxis input_axis(const kernels::TransformShape& shape, std::int64_t begin, std::int64_t in) {
  kernels::TileAxis axis{0, shape.cyclic ? -1 : shape.slots - 1};
  for (std::int32_t slot = 0; slot < shape.slots; ++slot) {
    const std::int64_t place = begin + (slot == shape.slots - 1 ? axis.last : slot);
    if (place >= 0 && place < in) axis.on_map |= 1u << slot;
  }
  return axis;
}

kernels::TileAxis output_axis(const kernels::TransformShape& shape, std::int64_t count) {
  return {(1u << count) - 1, shape.slots - 1};
}

/// The slots of the first two places under the window: a cyclic tile's last one and its first, or the first two.
std::uint32_t first_two_places(const kernels::TransformShape& shape) {
  return shape.cyclic ? 1u << (shape.slots - 1) | 1u : 3u;
}

}  // namespace

std::vector<TransformTile> cut_into_tiles(const kernels::TransformShape& shape, std::int64_t in, std::int64_t out,
                                          std::int64_t pad_before) {
  // A cyclic tile's slot 0 is the input under the middle tap of output 0.
  const std::int64_t first = (shape.cyclic ? 1 : 0) - pad_before;
  const std::int64_t pad_after = out + 2 - in - pad_before;
  if (shape.cyclic && in + std::max(pad_before, pad_after) <= shape.slots)
    return {{first, 0, input_axis(shape, first, in), output_axis(shape, out), 0}};
  std::vector<TransformTile> tiles;
  for (std::int64_t begin = 0; begin < out; begin += shape.outputs)
    tiles.push_back({first + begin, begin, input_axis(shape, first + begin, in),
                     output_axis(shape, std::min<std::int64_t>(shape.outputs, out - begin)),
                     begin == 0 ? 0 : first_two_places(shape)});
  return tiles;
}

bool has_transforms(const Window2D& window) noexcept {
  const Sides& padding = window.padding;
  return window.size == Extent2D{3, 3} && window.stride == Extent2D{1, 1} && window.dilation == Extent2D{1, 1} &&
         std::max({padding.top, padding.bottom, padding.left, padding.right}) <= 2;
}

TransformConv::TransformConv(kernels::Transform transform, const Window2D& window, Extent2D in,
                             std::int64_t in_channels, std::int64_t out_channels)
    : transform_(transform),
      in_(in),
      out_(window.out(in)),
      in_channels_(in_channels),
      out_channels_(out_channels),
      rows_(cut_into_tiles(shape(), in_.height, out_.height, window.padding.top)),
      columns_(cut_into_tiles(shape(), in_.width, out_.width, window.padding.left)) {}

std::int64_t TransformConv::block_images(std::int64_t channels) const noexcept {
  const std::int64_t image_bytes = slices_elements(tiles(), channels) * std::int64_t{sizeof(float)};
  return std::max(block_bytes / image_bytes, min_images());
}

std::int64_t TransformConv::min_images() const noexcept {
  return base::ceil_div(min_tiles, tiles());
}

void TransformConv::to_slices(const kernels::KernelTable<float>& table, Side side, const float* image,
                              std::int64_t first, std::int64_t count, const Slices<float>& slices) const {
  const bool from_input = side == Side::in;
  kernels::ToSlicesArgs<float> args{};
  args.column_step = channels(side);
  args.row_step = extent(side).width * args.column_step;
  args.slice_step = slices.step;
  args.channels = count;
  args.adjoint = !from_input;
  args.slices = slices.data + first;
  for (const TransformTile& row : rows_)
    for (const TransformTile& column : columns_) {
      args.map = image + first + (from_input ? row.in_begin : row.out_begin) * args.row_step +
                 (from_input ? column.in_begin : column.out_begin) * args.column_step;
      args.rows = from_input ? row.in : row.out;
      args.columns = from_input ? column.in : column.out;
      table.of(transform_).to_slices(args);
      args.slices += slices.width;
    }
}

void TransformConv::from_slices(const kernels::KernelTable<float>& table, Side side, const Slices<const float>& slices,
                                std::int64_t count, const Target& target) const {
  const bool to_input = side == Side::in;
  kernels::FromSlicesArgs<float> args{};
  args.bias = target.bias;
  args.activation = target.activation;
  args.row_step = target.row_step;
  args.column_step = target.column_step;
  args.slice_step = slices.step;
  args.channels = count;
  args.adjoint = to_input;
  args.slices = slices.data;
  for (const TransformTile& row : rows_)
    for (const TransformTile& column : columns_) {
      args.map = target.map + (to_input ? row.in_begin : row.out_begin) * args.row_step +
                 (to_input ? column.in_begin : column.out_begin) * args.column_step;
      args.rows = to_input ? row.in : row.out;
      args.columns = to_input ? column.in : column.out;
      args.accumulate_rows = to_input ? row.shared : 0;
      args.accumulate_columns = to_input ? column.shared : 0;
      table.of(transform_).from_slices(args);
      args.slices += slices.width;
    }
}

void TransformConv::multiply(const kernels::KernelTable<float>& table, const Slices<const float>& in,
                             std::int64_t tiles, const WeightSlicesLayout& layout, const float* weights,
                             std::int64_t block, std::int64_t first, std::int64_t count,
                             const Slices<float>& out) const {
  table.slice_product({.in = in.data + first * in.step,
                       .weights = weights + layout.begin(block) + first * layout.slice_step(block),
                       .out = out.data + first * out.step,
                       .in_slice = in.step,
                       .in_step = in.width,
                       .weights_slice = layout.slice_step(block),
                       .weights_step = layout.width(block),
                       .out_slice = out.step,
                       .out_step = out.width,
                       .slices = count,
                       .count = tiles,
                       .depth = layout.in,
                       .channels = static_cast<std::int32_t>(layout.width(block))});
}

}  // namespace tilewise::ops
