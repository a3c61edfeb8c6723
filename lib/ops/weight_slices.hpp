#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.hpp"
#include "ops/op.hpp"

/// The weights of a 3x3 convolution in a transform's domain, U.
namespace tilewise::ops {

/// Floats between slices that a power of two would bring into the same cache sets. With 16, winograd7's weights take
/// twice as long to make on a Zen 4.
inline constexpr std::int64_t slice_gap = 48;

/// Channels filled up to whole vectors of a transform.
constexpr std::int64_t filled(std::int64_t channels) {
  return base::round_up(channels, kernels::transform_channels);
}

/// Slices of a few output channels, [slice][in][channel].
template <class T>
struct WeightGroup {
  T* data;
  std::int64_t slice_step, row_step;

  operator WeightGroup<const T>() const noexcept { return {data, slice_step, row_step}; }
  WeightGroup at_row(std::int64_t row) const noexcept { return {data + row * row_step, slice_step, row_step}; }
};

/// How U lies in memory, or its gradient's half transform: [block of output channels][slice][in][channel of the block].
struct WeightSlicesLayout {
  std::int64_t slices, in, out;

  std::int64_t blocks() const noexcept { return base::ceil_div(out, kernels::transform_block); }
  std::int64_t first_channel(std::int64_t block) const noexcept { return block * kernels::transform_block; }
  /// Output channels of a block, and the same with what fills its vectors.
  std::int64_t channels(std::int64_t block) const noexcept {
    return std::min(kernels::transform_block, out - first_channel(block));
  }
  std::int64_t width(std::int64_t block) const noexcept {
    return base::round_up(channels(block), kernels::transform_channels);
  }
  std::int64_t slice_step(std::int64_t block) const noexcept { return in * width(block) + slice_gap; }
  std::int64_t begin(std::int64_t block) const noexcept {
    return block * slices * (in * kernels::transform_block + slice_gap);
  }
  /// Throws ShapeError if they do not fit into 63 bits.
  std::int64_t elements() const {
    const std::int64_t row = base::checked_mul(in, filled(out));
    return base::checked_mul(slices, base::checked_add(row, blocks() * slice_gap));
  }
  /// The slices of a block from number `first` on.
  template <class T>
  WeightGroup<T> group_at(T* slices_begin, std::int64_t block, std::int64_t first) const noexcept {
    return {slices_begin + begin(block) + first * slice_step(block), slice_step(block), width(block)};
  }
};

/// How U lies where it is made in scratch, for one group of at most `slices` slices and a block of channels: few, for
/// the more rows it has, the longer it is, and what it is multiplied with is to stay in the second-level cache, too.
struct ScratchSlices {
  std::int64_t slices, rows, channels;

  std::int64_t width() const noexcept {
    constexpr std::int64_t widest = 32, most_elements = 256 * 1024 / sizeof(float);
    return std::min(filled(channels), rows <= most_elements / (slices * widest) ? widest : kernels::transform_channels);
  }
  std::int64_t elements() const { return base::checked_mul(slices, slice_step()); }
  /// count: of channels, at most width().
  WeightGroup<float> at(float* scratch, std::int64_t count) const { return {scratch, slice_step(), count}; }

 private:
  std::int64_t slice_step() const { return base::checked_add(base::checked_mul(rows, width()), slice_gap); }
};

/// The packed weights of a 3x3 kernel. reversed: with its taps from the last to the first, as TransposeWeights gives
/// them.
struct PackedKernel {
  base::WeightsLayout layout;
  const float* data;
  bool reversed;

  /// Groups of slices, of input channels [row, row + rows) and output channels [first, first + count), filled numbers.
  void to_slices(const kernels::KernelTable<float>& table, kernels::Transform transform, kernels::SliceGroups groups,
                 std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t count,
                 const WeightGroup<float>& slices) const;
};

/// The kernel's slices, U. inputs: kernel {3, 3, in, out}, packed. outputs: plain, in WeightSlicesLayout.
class WeightSlices final : public Op {
 public:
  explicit WeightSlices(kernels::Transform transform) : transform_(transform) {}

  std::string_view kind() const noexcept override { return "weight_slices"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override;
  Step lower(const LowerRequest& request) const override;
  bool is_derived() const noexcept override { return true; }

 private:
  kernels::Transform transform_;
};

}  // namespace tilewise::ops
