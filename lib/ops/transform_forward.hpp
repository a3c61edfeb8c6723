#pragma once

#include <algorithm>
#include <optional>

#include "ops/image.hpp"
#include "ops/transform_conv2d.hpp"

/// Pieces of forward convolution by a transform, on one lane: some tiles through all of its stages.
namespace tilewise::ops {

struct TransformForward {
  using Side = TransformConv::Side;
  using TileRows = TransformConv::TileRows;

  // Tensors: image or its rows, kernel or its slices, bias, output, with a pool its index; the half-transformed input,
  // unless it is given, and output.
  enum : std::size_t { image_tensor, kernel_tensor, bias_tensor, out_tensor, index_tensor };

  TransformConv conv;
  Conv2DAttributes attributes;
  Extent2D pooled;  ///< output without pool
  const kernels::KernelTable<float>* table;
  std::optional<base::WeightsLayout> kernel;  ///< of a kernel whose slices are made here

  WeightSlicesLayout layout{conv.shape().slices, conv.channels(Side::in), conv.channels(Side::out)};
  std::int64_t in_width() const noexcept { return filled(conv.channels(Side::in)); }
  std::int64_t out_width() const noexcept { return filled(conv.channels(Side::out)); }
  std::int64_t out_image() const noexcept { return pooled.height * pooled.width * conv.channels(Side::out); }

  ScratchSlices made{conv.shape().group_slices(), conv.channels(Side::in), conv.channels(Side::out)};
  /// Channels of U and M at a time.
  std::int64_t block_width() const noexcept {
    return kernel ? made.width() : std::min(out_width(), kernels::transform_block);
  }
  std::int64_t made_elements() const { return kernel ? made.elements() : 0; }
  /// Where output rows of these tiles begin and end, pooled.
  std::int64_t pooled_begin(TileRows rows) const noexcept { return pooled_row(rows.begin); }
  std::int64_t pooled_end(TileRows rows) const noexcept {
    return rows.end == conv.all_rows().end ? pooled.height : pooled_row(rows.end);
  }
  std::int64_t pooled_row(std::int64_t tile_row) const noexcept {
    return conv.out_begin(tile_row) / (attributes.pool ? attributes.pool->stride.height : 1);
  }
  /// The map of a few channels, before it is pooled.
  std::int64_t map_elements() const noexcept {
    return attributes.pool ? conv.extent(Side::out).height * conv.extent(Side::out).width * kernels::transform_channels
                           : 0;
  }
};

struct ForwardTensors {
  const float *image, *weights, *bias;
  float* out;
  std::uint8_t* index;

  ForwardTensors(const TransformForward& forward, Tensors tensors)
      : image(tensor<const float>(tensors, TransformForward::image_tensor)),
        weights(tensor<const float>(tensors, TransformForward::kernel_tensor)),
        bias(tensor<const float>(tensors, TransformForward::bias_tensor)),
        out(tensor<float>(tensors, TransformForward::out_tensor)),
        index(forward.attributes.pool ? tensor<std::uint8_t>(tensors, TransformForward::index_tensor) : nullptr) {}
};

/// Channels [first, end) of what some rows of tiles give of image `i`, given what makes some channels of its map:
/// transformed(first, count, target). map: map_elements().
template <class F>
void write_image(const TransformForward& forward, const ForwardTensors& t, std::int64_t i,
                 TransformForward::TileRows rows, std::int64_t first, std::int64_t end, float* map,
                 const F& transformed) {
  const std::int64_t channels = forward.conv.channels(TransformForward::Side::out);
  const Extent2D pooled = forward.pooled, full = forward.conv.extent(TransformForward::Side::out);
  if (!forward.attributes.pool) {
    transformed(first, end - first,
                TransformConv::Target{t.out + i * forward.out_image() + first, pooled.width * channels, channels,
                                      t.bias ? t.bias + first : nullptr, forward.attributes.activation});
    return;
  }
  const Window2D& window = *forward.attributes.pool;
  for (; first < end; first += kernels::transform_channels) {
    constexpr std::int64_t column = kernels::transform_channels;
    const std::int64_t count = std::min(kernels::transform_channels, end - first);
    transformed(first, count,
                TransformConv::Target{map, full.width * column, column, t.bias ? t.bias + first : nullptr,
                                      kernels::Activation::none});
    for (std::int64_t row = forward.pooled_begin(rows); row < forward.pooled_end(rows); ++row) {
      const std::int64_t place = i * forward.out_image() + row * pooled.width * channels + first;
      forward.table->max_pool({.in = map + row * window.stride.height * full.width * column,
                               .out = t.out + place,
                               .index = t.index ? t.index + place : nullptr,
                               .in_step = window.stride.width * column,
                               .in_row = full.width * column,
                               .in_column = column,
                               .out_step = channels,
                               .count = pooled.width,
                               .channels = count,
                               .window = {.rows = static_cast<std::int32_t>(window.size.height),
                                          .columns = static_cast<std::int32_t>(window.size.width),
                                          .first_row = 0,
                                          .first_column = 0,
                                          .window_columns = static_cast<std::int32_t>(window.size.width)},
                               .wide_index = false,
                               .activation = forward.attributes.activation});
    }
  }
}

/// Of half-transformed output.
inline void write_image_of_half(const TransformForward& forward, const ForwardTensors& t, std::int64_t i,
                                const float* half, std::int64_t first, std::int64_t end, float* map) {
  write_image(forward, t, i, forward.conv.all_rows(), first, end, map,
              [&](std::int64_t channel, std::int64_t count, const TransformConv::Target& target) {
                forward.conv.from_half(*forward.table, TransformForward::Side::out, half, channel, count, target);
              });
}

/// Tiles through all stages, all slices at once: V, then M of one block of output channels after the other.
class AllSlices {
 public:
  /// Images whole, or rows of one image's tiles.
  struct Piece {
    std::int64_t first, images;
    TransformForward::TileRows rows;

    bool operator==(const Piece&) const = default;
  };
  std::int64_t images, rows;  ///< the most of a piece

  /// Of pieces of images, at most so many.
  AllSlices(const TransformForward& of, std::int64_t most)
      : AllSlices(of, std::min(of.conv.block_images(elements(of, of.conv.tiles())), most), of.conv.all_rows().end) {}
  /// Of pieces of one image.
  explicit AllSlices(const TransformForward& of)
      : AllSlices(of, 1,
                  std::clamp<std::int64_t>(cache_elements / elements(of, of.conv.tile_columns()), 1,
                                           of.conv.all_rows().end)) {}

  /// Of V and M of so many tiles.
  static std::int64_t elements(const TransformForward& forward, std::int64_t tiles) {
    return base::checked_add(forward.conv.slices_elements(tiles, forward.in_width()),
                             forward.conv.products_elements(tiles, forward.block_width()));
  }
  // Scratch: V, M, a half-transformed tile, the map of one image.
  std::int64_t scratch_elements() const { return base::checked_add(map_begin(), forward_.map_elements()); }

  void run(const ForwardTensors& t, std::int64_t first, std::int64_t count, float* scratch) const {
    const Piece piece{first, count, forward_.conv.all_rows()};
    make_v(t, piece, scratch);
    for (std::int64_t block = 0; block < forward_.layout.blocks(); ++block) write_block(t, piece, block, scratch);
  }
  void make_v(const ForwardTensors& t, const Piece& piece, float* scratch) const {
    const TransformConv& conv = forward_.conv;
    const Slices<float> v = conv.slices_of_tiles(scratch, tiles(piece), forward_.in_width());
    for (std::int64_t i = 0; i < piece.images; ++i)
      conv.to_all_slices(*forward_.table, t.image + (piece.first + i) * conv.image_elements(TransformForward::Side::in),
                         piece.rows, v.at_tile(i * conv.tiles()), scratch + half_begin());
  }
  /// Output channels of a block, of a piece whose V stands in scratch.
  void write_block(const ForwardTensors& t, const Piece& piece, std::int64_t block, float* scratch) const {
    const TransformConv& conv = forward_.conv;
    const Slices<float> v = conv.slices_of_tiles(scratch, tiles(piece), forward_.in_width());
    const Slices<float> m = conv.slices_of_tiles(scratch + v_elements(), tiles(piece), forward_.layout.width(block));
    conv.multiply(*forward_.table, TransformForward::Side::out, v, tiles(piece),
                  forward_.layout.group_at(t.weights, block, 0), {0, conv.shape().groups}, m.width, m);
    const std::int64_t begin = forward_.layout.first_channel(block);
    for (std::int64_t i = 0; i < piece.images; ++i)
      write_image(
          forward_, t, piece.first + i, piece.rows, begin, begin + forward_.layout.channels(block),
          scratch + map_begin(), [&](std::int64_t channel, std::int64_t channels, const TransformConv::Target& target) {
            Slices<float> of_image = m.at_tile(i * conv.tiles());
            of_image.data += channel - begin;
            conv.from_all_slices(*forward_.table, of_image, piece.rows, channels, target, scratch + half_begin());
          });
  }

 private:
  AllSlices(const TransformForward& of, std::int64_t images, std::int64_t rows)
      : images(images), rows(rows), forward_(of) {}

  std::int64_t tiles(const Piece& piece) const noexcept {
    return piece.images * piece.rows.count() * forward_.conv.tile_columns();
  }
  std::int64_t most_tiles() const { return base::checked_mul(images, rows * forward_.conv.tile_columns()); }
  std::int64_t v_elements() const { return forward_.conv.slices_elements(most_tiles(), forward_.in_width()); }
  std::int64_t half_begin() const { return elements(forward_, most_tiles()); }
  std::int64_t map_begin() const {
    return base::checked_add(half_begin(),
                             kernels::half_tile_elements(forward_.conv.shape().slots, kernels::transform_channels));
  }

  const TransformForward& forward_;
};

/// U of one group and `count` output channels of a block. scratch: memory for made_elements().
inline WeightGroup<const float> weights_of(const TransformForward& forward, const float* weights, std::int32_t group,
                                           std::int64_t first, std::int64_t count, float* scratch) {
  const TransformConv& conv = forward.conv;
  if (!forward.kernel) {
    const std::int64_t block = first / kernels::transform_block;
    WeightGroup<const float> derived = forward.layout.group_at(weights, block, conv.shape().first_slice(group));
    derived.data += first - forward.layout.first_channel(block);
    return derived;
  }
  const WeightGroup<float> u = forward.made.at(scratch, count);
  PackedKernel{*forward.kernel, weights, false}.to_slices(*forward.table, conv.transform(), {group, group + 1}, 0,
                                                          conv.channels(TransformForward::Side::in), first, count, u);
  return u;
}

/// Channels [first, end) of half-transformed outputs from V of one group, a block of U at a time. scratch: memory for
/// M of a group and a block, then made_elements().
inline void multiply_group(const TransformForward& forward, const Slices<const float>& v, std::int64_t images,
                           const float* weights, std::int32_t group, std::int64_t first, std::int64_t end,
                           float* scratch, float* half) {
  const TransformConv& conv = forward.conv;
  float* const made = scratch + conv.group_products_elements(images, forward.block_width());
  for (std::int64_t count; first < end; first += count) {
    count = std::min(end - first, forward.block_width() - first % forward.block_width());
    const WeightGroup<const float> u = weights_of(forward, weights, group, first, count, made);
    const Slices<float> products = conv.slices_at(scratch, images, count);
    conv.multiply(*forward.table, TransformForward::Side::out, v, images * conv.tiles(), u, {group, group + 1}, count,
                  products);
    conv.from_slices(*forward.table, TransformForward::Side::out, products, images, first, group, half);
  }
}

/// The same, a group of slices at a time, between half-transformed inputs and outputs: so the weights of many slices
/// are read once for more images than all of their slices would leave room for.
struct ByGroups {
  const TransformForward& forward;
  std::int64_t images;

  /// Half-transformed tiles may leave the cache, which also holds a group's weights.
  ByGroups(const TransformForward& of, std::int64_t most)
      : forward(of), images(std::min(of.conv.block_images(2 * (v_elements(1) + m_elements(1))), most)) {}

  std::int64_t v_elements(std::int64_t count) const { return forward.conv.group_elements(count, forward.in_width()); }
  std::int64_t m_elements(std::int64_t count) const {
    return forward.conv.group_products_elements(count, forward.block_width());
  }
  // Scratch: half-transformed input and output, V and M of one group, the map of one image.
  std::int64_t half_out_begin() const { return forward.conv.half_elements(TransformForward::Side::in, images); }
  std::int64_t v_begin() const {
    return base::checked_add(half_out_begin(), forward.conv.half_elements(TransformForward::Side::out, images));
  }
  std::int64_t m_begin() const { return base::checked_add(v_begin(), v_elements(images)); }
  std::int64_t map_begin() const { return base::checked_add(m_begin(), m_elements(images)); }
  std::int64_t scratch_elements() const { return base::checked_add(map_begin(), forward.map_elements()); }

  void run(const ForwardTensors& t, std::int64_t first, std::int64_t count, float* scratch) const {
    const TransformConv& conv = forward.conv;
    const kernels::KernelTable<float>& table = *forward.table;
    float* const half_out = scratch + half_out_begin();
    for (std::int64_t i = 0; i < count; ++i)
      conv.to_half(table, TransformForward::Side::in,
                   conv.map_of(TransformForward::Side::in,
                               t.image + (first + i) * conv.image_elements(TransformForward::Side::in), 0),
                   0, conv.channels(TransformForward::Side::in),
                   scratch + i * conv.half_elements(TransformForward::Side::in));
    const Slices<float> v = conv.slices_at(scratch + v_begin(), count, forward.in_width());
    for (std::int32_t group = 0; group < conv.shape().groups; ++group) {
      conv.to_slices(table, TransformForward::Side::in, scratch, count, 0, forward.in_width(), group, v);
      multiply_group(forward, v, count, t.weights, group, 0, forward.out_width(), scratch + m_begin(), half_out);
    }
    for (std::int64_t i = 0; i < count; ++i)
      write_image_of_half(forward, t, first + i, half_out + i * conv.half_elements(TransformForward::Side::out), 0,
                          conv.channels(TransformForward::Side::out), scratch + map_begin());
  }
};

}  // namespace tilewise::ops
