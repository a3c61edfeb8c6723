#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/checked.hpp"
#include "ops/image.hpp"
#include "ops/weight_slices.hpp"
#include "ops/window2d.hpp"

/// 3x3 convolution of stride 1 by a transform: what forward and backward share. Images are cut into tiles; V are the
/// slices of the input's tiles, Z those of the output gradient's, M the products of V and the weights' slices, U. Half
/// of each transform, along rows, is done for all slices at once; the other, along columns, for one group of slices.
namespace tilewise::ops {

/// One axis of a tile: its first input slot and its first output lie at these places of input and output.
struct TransformTile {
  std::int64_t in_begin, out_begin;
  kernels::TileAxis in, out;
  std::uint32_t shared;  ///< bits of the input slots that the tile before it has, too
};

/// Cuts an axis of `out` outputs of an input of `in` places: into a single tile where the transform takes it whole.
std::vector<TransformTile> cut_into_tiles(const kernels::TransformShape& shape, std::int64_t in, std::int64_t out,
                                          std::int64_t pad_before);

/// Whether so padded a window is one that transforms do: 3x3, of stride and dilation 1, with at most 2 places of
/// padding.
bool has_transforms(const Window2D& window) noexcept;

/// Slices of tiles, [slice][tile][channel]: where the first tile's first slice stands.
template <class T>
struct Slices {
  T* data;
  std::int64_t step;   ///< from a slice to the next
  std::int64_t width;  ///< channels of a tile, filled up

  operator Slices<const T>() const noexcept { return {data, step, width}; }
  Slices at_tile(std::int64_t tile) const noexcept { return {data + tile * width, step, width}; }
};

/// Elements that stay in the second-level cache, and leave room for weights.
inline constexpr std::int64_t cache_elements = 1280 * 1024 / sizeof(float);

class TransformConv {
 public:
  TransformConv(kernels::Transform transform, const Window2D& window, Extent2D in, std::int64_t in_channels,
                std::int64_t out_channels);

  enum class Side { in, out };
  /// Rows [begin, end) of an image's tiles.
  struct TileRows {
    std::int64_t begin, end;

    std::int64_t count() const noexcept { return end - begin; }
    bool operator==(const TileRows&) const = default;
  };

  kernels::Transform transform() const noexcept { return transform_; }
  const kernels::TransformShape& shape() const noexcept { return kernels::shape_of(transform_); }
  /// Of an image.
  std::int64_t tiles() const noexcept { return all_rows().end * tile_columns(); }
  TileRows all_rows() const noexcept { return {0, static_cast<std::int64_t>(rows_.size())}; }
  std::int64_t tile_columns() const noexcept { return static_cast<std::int64_t>(columns_.size()); }
  /// The first output row of a row of tiles; of the one behind the last, the end.
  std::int64_t out_begin(std::int64_t tile_row) const noexcept {
    return tile_row == all_rows().end ? out_.height : rows_[static_cast<std::size_t>(tile_row)].out_begin;
  }
  Extent2D extent(Side side) const noexcept { return side == Side::in ? in_ : out_; }
  std::int64_t channels(Side side) const noexcept { return side == Side::in ? in_channels_ : out_channels_; }
  std::int64_t image_elements(Side side) const noexcept {
    return extent(side).height * extent(side).width * channels(side);
  }
  /// Of an image's half-transformed tiles.
  std::int64_t half_elements(Side side) const noexcept { return tiles() * half_offset(channels(side)); }
  /// Memory for half-transformed tiles, and for one group of slices or products, of `images` images. Throw ShapeError
  /// if it does not fit into 63 bits.
  std::int64_t half_elements(Side side, std::int64_t images) const {
    return base::checked_mul(images, base::checked_mul(tiles(), half_offset(channels(side))));
  }
  std::int64_t group_elements(std::int64_t images, std::int64_t channels) const {
    return elements_of(shape().group_slices(), base::checked_mul(images, tiles()), channels);
  }
  std::int64_t group_products_elements(std::int64_t images, std::int64_t channels) const {
    return elements_of(shape().group_products(), base::checked_mul(images, tiles()), channels);
  }
  /// Memory for all of them, of so many tiles.
  std::int64_t slices_elements(std::int64_t tiles, std::int64_t channels) const {
    return elements_of(shape().slices, tiles, channels);
  }
  std::int64_t products_elements(std::int64_t tiles, std::int64_t channels) const {
    return elements_of(shape().groups * shape().group_products(), tiles, channels);
  }
  Slices<float> slices_at(float* data, std::int64_t images, std::int64_t channels) const noexcept {
    return slices_of_tiles(data, images * tiles(), channels);
  }
  Slices<float> slices_of_tiles(float* data, std::int64_t tiles, std::int64_t channels) const noexcept {
    return {data, tiles * filled(channels) + slice_gap, filled(channels)};
  }

  /// Images whose work of so many elements each takes cache_elements, but no fewer than pay.
  std::int64_t block_images(std::int64_t elements) const noexcept;
  /// The same, but no fewer than pay where each block of images makes its weights again, and at most `batch`.
  std::int64_t remaking_block_images(std::int64_t elements, std::int64_t batch) const noexcept;
  /// Images that have so many tiles.
  std::int64_t images_of(std::int64_t tiles) const noexcept { return base::ceil_div(tiles, this->tiles()); }
  std::int64_t min_images() const noexcept;

  ImageMap map_of(Side side, const float* image, std::int64_t first) const noexcept {
    return {image + first, extent(side).width * channels(side), channels(side)};
  }
  /// The rows of channels [first, first + count), which `map` begins with. first: a multiple of transform_channels,
  /// here and below.
  void to_half(const kernels::KernelTable<float>& table, Side side, const ImageMap& map, std::int64_t first,
               std::int64_t count, float* half) const;
  /// f(image, first, count) for what a phase is to do whose items are transform_channels of `side`.
  template <class F>
  void for_each_image(Side side, const Work& work, const F& f) const {
    const std::int64_t first = work.item_begin * kernels::transform_channels;
    const std::int64_t end = std::min(channels(side), work.item_end * kernels::transform_channels);
    for (std::int64_t i = work.image_begin; i < work.image_end; ++i) f(i, first, end - first);
  }
  /// f(group, first, end) for what a phase is to do whose items are a group of slices, and of it transform_channels of
  /// `side`: filled channels.
  template <class F>
  void for_each_group(Side side, const Work& work, const F& f) const {
    const std::int64_t parts = filled(channels(side)) / kernels::transform_channels;
    for (std::int64_t item = work.item_begin; item < work.item_end;) {
      const std::int64_t group = item / parts, end = std::min(work.item_end, (group + 1) * parts);
      f(static_cast<std::int32_t>(group), (item - group * parts) * kernels::transform_channels,
        (end - group * parts) * kernels::transform_channels);
      item = end;
    }
  }
  /// The columns of so many filled channels of `images` images: one group's slices, from the first of those channels.
  void to_slices(const kernels::KernelTable<float>& table, Side side, const float* half, std::int64_t images,
                 std::int64_t first, std::int64_t count, std::int32_t group, const Slices<float>& slices) const;

  /// Groups of M: `in` times `count` channels of U. count: filled, at most transform_block.
  void multiply(const kernels::KernelTable<float>& table, Side to, const Slices<const float>& in, std::int64_t tiles,
                const WeightGroup<const float>& weights, kernels::SliceGroups groups, std::int64_t count,
                const Slices<float>& out) const;
  /// And back along columns: a group's M, to channels [first, first + products.width) of half-transformed tiles.
  void from_slices(const kernels::KernelTable<float>& table, Side side, const Slices<const float>& products,
                   std::int64_t images, std::int64_t first, std::int32_t group, float* half) const;

  /// How a result leaves the transform.
  struct Target {
    float* map;  ///< one image's first place, of the first channel
    std::int64_t row_step, column_step;
    const float* bias = nullptr;
    kernels::Activation activation = kernels::Activation::none;
  };
  /// Channels [first, first + count) of one image's output, or of its input's gradient.
  void from_half(const kernels::KernelTable<float>& table, Side side, const float* half, std::int64_t first,
                 std::int64_t count, const Target& target) const;

  /// All slices of some rows of one image's tiles at once. half: memory for half_tile_elements(slots,
  /// transform_channels), which then stays in the first-level cache.
  void to_all_slices(const kernels::KernelTable<float>& table, const float* image, TileRows tile_rows,
                     const Slices<float>& slices, float* half) const;
  /// `count` channels of what these rows give of one image's output, from all of their M, which begins with them.
  void from_all_slices(const kernels::KernelTable<float>& table, const Slices<const float>& products,
                       TileRows tile_rows, std::int64_t count, const Target& target, float* half) const;

 private:
  std::int64_t elements_of(std::int64_t slices, std::int64_t tiles, std::int64_t channels) const;
  /// The kernels' arguments but for the tile, and what set_tile() fills in.
  kernels::ToHalfArgs<float> to_half_args(Side side, const ImageMap& map) const noexcept;
  kernels::FromHalfArgs<float> from_half_args(Side side, const Target& target) const noexcept;
  void set_tile(kernels::ToHalfArgs<float>& args, const float* image, const TransformTile& row,
                const TransformTile& column) const noexcept;
  void set_tile(kernels::FromHalfArgs<float>& args, float* map, const TransformTile& row,
                const TransformTile& column) const noexcept;
  /// Where the half-transformed tile's channels from `first` on begin.
  std::int64_t half_offset(std::int64_t first) const noexcept {
    return kernels::half_tile_elements(shape().slots, first);
  }
  std::span<const TransformTile> some(TileRows tile_rows) const noexcept {
    return std::span(rows_).subspan(static_cast<std::size_t>(tile_rows.begin),
                                    static_cast<std::size_t>(tile_rows.count()));
  }

  kernels::Transform transform_;
  Extent2D in_, out_;
  std::int64_t in_channels_, out_channels_;
  std::vector<TransformTile> rows_, columns_;
};

}  // namespace tilewise::ops
