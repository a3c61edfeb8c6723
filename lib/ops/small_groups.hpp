#pragma once

#include "base/weights_layout.hpp"
#include "ops/op.hpp"

namespace tilewise::ops {

/// Convolutions of small groups (ConvAlgorithm) run like depthwise ones, vectors of channels across groups. Their
/// parameters lie in blocks of one group each (base::WeightsLayout), so they are packed closer for a run: as {taps,
/// group, channels} of no groups.
struct SmallGroups {
  std::int64_t taps, group, channels;
  std::int64_t channel_block;

  base::WeightsLayout parameter_layout() const noexcept {
    return {taps, group, channels, channel_block, channels / group};
  }
  base::WeightsLayout close_layout() const noexcept { return {taps, group, channels, channel_block}; }
  /// Of all close weights, and of the close bias.
  std::int64_t weights_elements() const noexcept { return close_layout().elements(); }
  std::int64_t bias_elements() const noexcept { return close_layout().blocks() * channel_block; }

  static constexpr std::size_t no_bias = ~std::size_t{0};
  /// The phase that packs the tensors `weights` and `bias` (or no_bias) of a step into its tensor `close`: all weights,
  /// then the bias.
  template <class T>
  Phase packing(std::size_t weights, std::size_t bias, std::size_t close) const;

  /// One close block of weights gradients, and of bias gradients, to where the parameters have theirs.
  template <class T>
  void unpack_weights(std::int64_t block, const T* close, T* weights) const;
  template <class T>
  void unpack_bias(std::int64_t block, const T* close, T* bias) const;

 private:
  base::WeightsLayout parameter_bias_layout() const noexcept {
    return {1, 1, channels, channel_block, channels / group};
  }
};

}  // namespace tilewise::ops
