#include "ops/transform_conv.hpp"

#include <algorithm>

namespace tilewise::ops {

namespace {

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

std::int64_t TransformConv::elements_of(std::int64_t slices, std::int64_t tiles, std::int64_t channels) const {
  return base::checked_mul(slices, base::checked_add(base::checked_mul(tiles, filled(channels)), slice_gap));
}

std::int64_t TransformConv::block_images(std::int64_t elements) const noexcept {
  return std::max(cache_elements / elements, min_images());
}

std::int64_t TransformConv::remaking_block_images(std::int64_t elements, std::int64_t batch) const noexcept {
  constexpr std::int64_t enough_tiles = 32;
  return std::min(std::max(block_images(elements), images_of(enough_tiles)), batch);
}

std::int64_t TransformConv::min_images() const noexcept {
  return images_of(min_tiles);
}

kernels::ToHalfArgs<float> TransformConv::to_half_args(Side side, const ImageMap& map) const noexcept {
  kernels::ToHalfArgs<float> args{};
  args.column_step = map.column_step;
  args.row_step = map.row_step;
  args.adjoint = side == Side::out;
  return args;
}

void TransformConv::set_tile(kernels::ToHalfArgs<float>& args, const float* image, const TransformTile& row,
                             const TransformTile& column) const noexcept {
  args.map = image + (args.adjoint ? row.out_begin : row.in_begin) * args.row_step +
             (args.adjoint ? column.out_begin : column.in_begin) * args.column_step;
  args.rows = args.adjoint ? row.out : row.in;
  args.columns = args.adjoint ? column.out : column.in;
}

kernels::FromHalfArgs<float> TransformConv::from_half_args(Side side, const Target& target) const noexcept {
  kernels::FromHalfArgs<float> args{};
  args.bias = target.bias;
  args.activation = target.activation;
  args.row_step = target.row_step;
  args.column_step = target.column_step;
  args.adjoint = side == Side::in;
  return args;
}

void TransformConv::set_tile(kernels::FromHalfArgs<float>& args, float* map, const TransformTile& row,
                             const TransformTile& column) const noexcept {
  args.map = map + (args.adjoint ? row.in_begin : row.out_begin) * args.row_step +
             (args.adjoint ? column.in_begin : column.out_begin) * args.column_step;
  args.rows = args.adjoint ? row.in : row.out;
  args.columns = args.adjoint ? column.in : column.out;
  args.accumulate_rows = args.adjoint ? row.shared : 0;
  args.accumulate_columns = args.adjoint ? column.shared : 0;
}

void TransformConv::to_half(const kernels::KernelTable<float>& table, Side side, const ImageMap& map,
                            std::int64_t first, std::int64_t count, float* half) const {
  kernels::ToHalfArgs<float> args = to_half_args(side, map);
  args.channels = count;
  args.half = half + half_offset(first);
  for (const TransformTile& row : rows_)
    for (const TransformTile& column : columns_) {
      set_tile(args, map.data, row, column);
      table.of(transform_).to_half(args);
      args.half += half_offset(channels(side));
    }
}

void TransformConv::to_all_slices(const kernels::KernelTable<float>& table, const float* image, TileRows tile_rows,
                                  const Slices<float>& slices, float* half) const {
  constexpr Side side = Side::in;
  constexpr std::int64_t chunk = kernels::transform_channels;
  kernels::ToHalfArgs<float> rows = to_half_args(side, map_of(side, image, 0));
  rows.half = half;
  kernels::ToSlicesArgs<float> columns{.half = half,
                                       .slices = nullptr,
                                       .slice_step = slices.step,
                                       .channels = chunk,
                                       .rows = {},
                                       .groups = {0, shape().groups},
                                       .adjoint = false};
  float* tile = slices.data;
  for (const TransformTile& row : some(tile_rows))
    for (const TransformTile& column : columns_) {
      for (std::int64_t first = 0; first < channels(side); first += chunk) {
        set_tile(rows, image + first, row, column);
        rows.channels = std::min(chunk, channels(side) - first);
        table.of(transform_).to_half(rows);
        columns.rows = rows.rows;
        columns.slices = tile + first;
        table.of(transform_).to_slices(columns);
      }
      tile += slices.width;
    }
}

void TransformConv::from_all_slices(const kernels::KernelTable<float>& table, const Slices<const float>& products,
                                    TileRows tile_rows, std::int64_t count, const Target& target, float* half) const {
  constexpr std::int64_t chunk = kernels::transform_channels;
  kernels::FromHalfArgs<float> rows = from_half_args(Side::out, target);
  rows.half = half;
  kernels::FromSlicesArgs<float> columns{.products = nullptr,
                                         .half = half,
                                         .product_step = products.step,
                                         .channels = chunk,
                                         .rows = {},
                                         .groups = {0, shape().groups},
                                         .adjoint = false};
  const float* tile = products.data;
  for (const TransformTile& row : some(tile_rows))
    for (const TransformTile& column : columns_) {
      for (std::int64_t first = 0; first < count; first += chunk) {
        set_tile(rows, target.map + first, row, column);
        columns.rows = rows.rows;
        columns.products = tile + first;
        table.of(transform_).from_slices(columns);
        rows.bias = target.bias ? target.bias + first : nullptr;
        rows.channels = std::min(chunk, count - first);
        table.of(transform_).from_half(rows);
      }
      tile += products.width;
    }
}

void TransformConv::to_slices(const kernels::KernelTable<float>& table, Side side, const float* half,
                              std::int64_t images, std::int64_t first, std::int64_t count, std::int32_t group,
                              const Slices<float>& slices) const {
  kernels::ToSlicesArgs<float> args{};
  args.half = half + half_offset(first);
  args.slices = slices.data;
  args.slice_step = slices.step;
  args.channels = count;
  args.groups = {group, group + 1};
  args.adjoint = side == Side::out;
  for (std::int64_t i = 0; i < images; ++i)
    for (const TransformTile& row : rows_) {
      args.rows = side == Side::in ? row.in : row.out;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        table.of(transform_).to_slices(args);
        args.half += half_offset(channels(side));
        args.slices += slices.width;
      }
    }
}

void TransformConv::from_slices(const kernels::KernelTable<float>& table, Side side,
                                const Slices<const float>& products, std::int64_t images, std::int64_t first,
                                std::int32_t group, float* half) const {
  kernels::FromSlicesArgs<float> args{};
  args.products = products.data;
  args.half = half + half_offset(first);
  args.product_step = products.step;
  args.channels = products.width;
  args.groups = {group, group + 1};
  args.adjoint = side == Side::in;
  for (std::int64_t i = 0; i < images; ++i)
    for (const TransformTile& row : rows_) {
      args.rows = side == Side::in ? row.in : row.out;
      for (std::size_t column = 0; column < columns_.size(); ++column) {
        table.of(transform_).from_slices(args);
        args.half += half_offset(channels(side));
        args.products += products.width;
      }
    }
}

void TransformConv::multiply(const kernels::KernelTable<float>& table, Side to, const Slices<const float>& in,
                             std::int64_t tiles, const WeightGroup<const float>& weights, kernels::SliceGroups groups,
                             std::int64_t count, const Slices<float>& out) const {
  kernels::SliceProductArgs<float> args{.in = in.data,
                                        .weights = weights.data,
                                        .out = out.data,
                                        .in_slice = in.step,
                                        .in_step = in.width,
                                        .weights_slice = weights.slice_step,
                                        .weights_step = weights.row_step,
                                        .out_slice = out.step,
                                        .out_step = out.width,
                                        .real_slices = 0,
                                        .complex_numbers = 0,
                                        .count = tiles,
                                        .depth = channels(to == Side::in ? Side::out : Side::in),
                                        .channels = static_cast<std::int32_t>(count),
                                        .narrow_tiles = table.narrow_tiles};
  for (std::int32_t group = groups.begin; group < groups.end; ++group) {
    args.real_slices = shape().real_slices(group);
    args.complex_numbers = shape().complex_numbers(group);
    table.slice_product(args);
    args.in += shape().slices_of(group) * in.step;
    args.weights += shape().slices_of(group) * weights.slice_step;
    args.out += shape().group_products() * out.step;
  }
}

void TransformConv::from_half(const kernels::KernelTable<float>& table, Side side, const float* half,
                              std::int64_t first, std::int64_t count, const Target& target) const {
  kernels::FromHalfArgs<float> args = from_half_args(side, target);
  args.channels = count;
  args.half = half + half_offset(first);
  for (const TransformTile& row : rows_)
    for (const TransformTile& column : columns_) {
      set_tile(args, target.map, row, column);
      table.of(transform_).from_half(args);
      args.half += half_offset(channels(side));
    }
}

}  // namespace tilewise::ops
