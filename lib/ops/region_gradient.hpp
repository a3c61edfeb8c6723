#pragma once

#include "base/weights_layout.hpp"
#include "ops/gradient_chunks.hpp"
#include "ops/gradient_slots.hpp"
#include "ops/op.hpp"
#include "ops/small_groups.hpp"
#include "ops/tap_regions.hpp"

namespace tilewise::ops {

/// Backward-weights of many taps at once, for convolutions whose tap is too little work for a tile: a depthwise one,
/// all taps, and one of few input channels, a row of taps, whose inputs are neighbours in memory. A load of the output
/// gradient serves them all. Groups of a few channels are done like a depthwise one. Where there are few output
/// channels to share out, the batch is cut into slots, which are summed independently and then added in order. Which
/// chunks a slot has depends on shapes only.
class RegionGradient {
 public:
  /// With `times` output channels of each input channel.
  static RegionGradient depthwise(const Window2D& window, Extent2D in, std::int64_t in_channels, std::int64_t times) {
    return {window, in, in_channels, in_channels * times, Kind::depthwise, 1};
  }
  /// For a convolution that has_few_channels().
  static RegionGradient of_few_channels(const Window2D& window, Extent2D in, std::int64_t in_channels,
                                        std::int64_t out_channels) {
    return {window, in, in_channels, out_channels, Kind::few_channels, 1};
  }
  /// For a convolution of SmallGroups of `group` channels.
  static RegionGradient of_small_groups(const Window2D& window, Extent2D in, std::int64_t channels,
                                        std::int64_t group) {
    return {window, in, channels, channels, Kind::small_groups, group};
  }
  /// Whether a row of taps fills a tile better than one tap.
  static bool has_few_channels(const Window2D& window, std::int64_t in_channels, std::int64_t groups) noexcept;

  /// Appends the phases, and the workspace that they need, to a step whose tensors are: output gradient, image, any |
  /// any, weights gradient, bias gradient (packed) | this workspace.
  template <class T>
  void lower(const kernels::KernelTable<T>& table, bool weights_wanted, bool bias_wanted, Step& step) const;

 private:
  enum class Kind { depthwise, few_channels, small_groups };

  RegionGradient(const Window2D& window, Extent2D in, std::int64_t in_channels, std::int64_t out_channels, Kind kind,
                 std::int64_t group);

  std::int64_t taps() const noexcept { return window_.size.height * window_.size.width; }
  /// Of the sums: the parameter's, but for small groups.
  base::WeightsLayout layout(std::int64_t channel_block) const noexcept {
    return {taps(), kind_ == Kind::few_channels ? in_channels_ : group_, out_channels_, channel_block};
  }
  GradientSlots slots(std::int64_t channel_block) const noexcept { return {slot_count_, layout(channel_block)}; }
  struct Blocks {
    std::int64_t first, count;
  };
  template <class T>
  void sum_slot(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t batch, std::int64_t number,
                Blocks blocks, const Gradients<T>& gradients) const;
  template <class T>
  void sum_chunk(const kernels::KernelTable<T>& table, const GradientChunks::Chunk& chunk,
                 const base::WeightsLayout::Channels& channels, const T* image, const T* out_gradient,
                 T* weights_gradient) const;
  /// The taps of one rectangle of places, which `args` describes.
  template <class T>
  void sum_region(const kernels::KernelTable<T>& table, const kernels::DepthwiseWeightsTileArgs<T>& args) const;

  Window2D window_;
  Extent2D in_, out_;
  std::int64_t in_channels_, out_channels_;
  Kind kind_;
  std::int64_t group_;
  std::int64_t slot_count_;
  TapRegions regions_;
};

}  // namespace tilewise::ops
