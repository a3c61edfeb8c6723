#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/weights_layout.hpp"
#include "ops/op.hpp"
#include "ops/window2d.hpp"

/// The sweep of kernel conv_tile over whole images, which forward and backward-data share: both are, at each output
/// place, a sum over the rectangle of taps that reach real input.
namespace tilewise::ops {

/// One axis of the output. Places in a run have the same taps and an input that advances evenly, so that one call
/// serves them all.
struct SweepAxis {
  struct Run {
    std::int64_t begin, step, count;  ///< output places begin, begin + step, ...

    std::int64_t place(std::int64_t number) const noexcept { return begin + number * step; }
    /// Those of its places that lie in [first, end).
    Run within(std::int64_t first, std::int64_t end) const noexcept;
  };

  std::int64_t positions;      ///< that are pooled into one output place; 1 without pool
  std::vector<TapRange> taps;  ///< [output place][position]
  std::vector<Run> runs;
  std::int64_t advance;               ///< input places from one place of a run to the next
  std::int64_t tap_step, place_step;  ///< of every range in `taps` that has more than one tap

  std::int64_t out() const noexcept { return static_cast<std::int64_t>(taps.size()) / positions; }

  /// Whether so many images fill the register tile better than the columns of this axis, one run a call; the sums are
  /// the same.
  bool prefers_images(std::int64_t images, std::int64_t tile_places) const noexcept;

  /// A convolution's output, pooled by windows of `pool_size` at `pool_stride` (1 and 1: not pooled).
  static SweepAxis forward(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                           std::int64_t dilation, std::int64_t pad_before, std::int64_t pool_size,
                           std::int64_t pool_stride);
  /// The gradient of a convolution's input of `in` places, from its output's gradient of `out` places and
  /// TransposeWeights.
  static SweepAxis backward(std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride,
                            std::int64_t dilation, std::int64_t pad_before);
};

struct ConvSweep {
  SweepAxis rows, columns;
  Extent2D in;  ///< of the images that are read
  Extent2D kernel;
  std::int64_t in_channels, out_channels;  ///< of all groups
  std::int64_t groups = 1;
  kernels::Activation activation = kernels::Activation::none;

  std::int64_t out_image() const noexcept { return rows.out() * columns.out() * out_channels; }
  std::int64_t in_image() const noexcept { return in.height * in.width * in_channels; }
  base::WeightsLayout weights_layout(std::int64_t channel_block) const noexcept {
    return {kernel.height * kernel.width, in_channels / groups, out_channels, channel_block, groups};
  }
  /// Which tensors of a step it reads and writes. `weights` are packed {kh, kw, in_channels / groups, out_channels}.
  struct Operands {
    std::size_t in, weights, out;
    std::optional<std::size_t> bias = {}, index = {};
  };
  /// The phase that does it. An item is an output row of a block of output channels.
  template <class T>
  Phase phase(const std::string& name, const kernels::KernelTable<T>& table, const Operands& operands) const;

 private:
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
           std::uint8_t* index, const Work& work) const;
  /// Whether there are so few output channels in a group that kernel conv_dot_tile does it.
  bool has_few_outputs() const noexcept;
  /// Weights of one output channel.
  std::int64_t dense_weights() const noexcept { return kernel.height * kernel.width * (in_channels / groups); }
  template <class T>
  void run_dots(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
                const Work& work) const;
};

}  // namespace tilewise::ops
