#pragma once

#include <cstdint>
#include <vector>

#include "base/checked.hpp"
#include "ops/op.hpp"
#include "ops/window2d.hpp"

/// 3x3 convolution of stride 1 by a transform: what forward and backward share. Images are cut into tiles; V are the
/// slices of the input's tiles, Z those of the output gradient's, M the products of V and the weights' slices, U.
namespace tilewise::ops {

/// Floats between slices that a power of two would bring into the same cache sets.
inline constexpr std::int64_t slice_gap = 16;

/// How U lies in memory: [block of output channels][slice][in][channel of the block].
struct WeightSlicesLayout {
  std::int64_t slices, in, out;
  std::int64_t block_channels;

  WeightSlicesLayout(const kernels::TransformShape& shape, std::int64_t in_channels, std::int64_t out_channels)
      : slices(shape.slices), in(in_channels), out(out_channels), block_channels(shape.block) {}

  std::int64_t blocks() const noexcept { return base::ceil_div(out, block_channels); }
  std::int64_t first_channel(std::int64_t block) const noexcept { return block * block_channels; }
  /// Output channels of a block, and the same with what fills its vectors.
  std::int64_t channels(std::int64_t block) const noexcept {
    return std::min(block_channels, out - first_channel(block));
  }
  std::int64_t width(std::int64_t block) const noexcept {
    return base::round_up(channels(block), kernels::transform_channels);
  }
  std::int64_t slice_step(std::int64_t block) const noexcept { return in * width(block) + slice_gap; }
  std::int64_t begin(std::int64_t block) const noexcept { return block * slices * (in * block_channels + slice_gap); }
  std::int64_t elements() const noexcept { return begin(blocks() - 1) + slices * slice_step(blocks() - 1); }
};

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

/// The slices of tiles, [slice][tile][channel]: where the first tile's first slice stands.
template <class T>
struct Slices {
  T* data;
  std::int64_t step;   ///< from a slice to the next
  std::int64_t width;  ///< channels of a tile, filled up

  operator Slices<const T>() const noexcept { return {data, step, width}; }
  Slices at_tile(std::int64_t tile) const noexcept { return {data + tile * width, step, width}; }
  Slices at_channel(std::int64_t channel) const noexcept { return {data + channel, step, width}; }
};

class TransformConv {
 public:
  TransformConv(kernels::Transform transform, const Window2D& window, Extent2D in, std::int64_t in_channels,
                std::int64_t out_channels);

  enum class Side { in, out };

  const kernels::TransformShape& shape() const noexcept { return kernels::shape_of(transform_); }
  std::int64_t slices() const noexcept { return shape().slices; }
  /// Of an image.
  std::int64_t tiles() const noexcept { return static_cast<std::int64_t>(rows_.size() * columns_.size()); }
  Extent2D extent(Side side) const noexcept { return side == Side::in ? in_ : out_; }
  std::int64_t channels(Side side) const noexcept { return side == Side::in ? in_channels_ : out_channels_; }
  std::int64_t image_elements(Side side) const noexcept {
    return extent(side).height * extent(side).width * channels(side);
  }
  /// U of forward; of backward-data, with the channels in each other's place.
  WeightSlicesLayout weights(bool transposed) const noexcept {
    return transposed ? WeightSlicesLayout(shape(), out_channels_, in_channels_)
                      : WeightSlicesLayout(shape(), in_channels_, out_channels_);
  }

  /// Memory for the slices of `tiles` tiles of `channels` channels.
  static std::int64_t slice_step(std::int64_t tiles, std::int64_t channels) noexcept {
    return tiles * base::round_up(channels, kernels::transform_channels) + slice_gap;
  }
  std::int64_t slices_elements(std::int64_t tiles, std::int64_t channels) const noexcept {
    return slices() * slice_step(tiles, channels);
  }
  /// Images whose slices of so many channels stay in the second-level cache while the weights pass through it, and make
  /// tiles enough for that to pay.
  std::int64_t block_images(std::int64_t channels) const noexcept;
  /// The fewest that pay.
  std::int64_t min_images() const noexcept;
  template <class T>
  static Slices<T> slices_at(T* data, std::int64_t tiles, std::int64_t channels) noexcept {
    return {data, slice_step(tiles, channels), base::round_up(channels, kernels::transform_channels)};
  }

  /// V or Z of channels [first, first + count) of one image.
  void to_slices(const kernels::KernelTable<float>& table, Side side, const float* image, std::int64_t first,
                 std::int64_t count, const Slices<float>& slices) const;

  /// How a result leaves its slices.
  struct Target {
    float* map;  ///< one image's first place, of the first channel
    std::int64_t row_step, column_step;
    const float* bias = nullptr;
    kernels::Activation activation = kernels::Activation::none;
  };
  /// `count` channels of one image's output, or of its input's gradient, from slices that begin with them.
  void from_slices(const kernels::KernelTable<float>& table, Side side, const Slices<const float>& slices,
                   std::int64_t count, const Target& target) const;

  /// Slices [first, first + count) of M = V * U, or Z * U transposed, of `tiles` tiles and one block of U.
  void multiply(const kernels::KernelTable<float>& table, const Slices<const float>& in, std::int64_t tiles,
                const WeightSlicesLayout& layout, const float* weights, std::int64_t block, std::int64_t first,
                std::int64_t count, const Slices<float>& out) const;

 private:
  kernels::Transform transform_;
  Extent2D in_, out_;
  std::int64_t in_channels_, out_channels_;
  std::vector<TransformTile> rows_, columns_;
};

}  // namespace tilewise::ops
