#pragma once

#include <cstdint>

#include "base/weights_layout.hpp"
#include "ops/gradient_chunks.hpp"
#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// Backward-weights of a convolution. Each item owns one tap's gradient for a block of output and a slice of input
/// channels, and the last item of a block its bias gradient too; it sums all images in order, so that the sums do not
/// depend on how items are shared out.
struct ConvWeightsGradient {
  Window2D window;
  Extent2D in, out;
  std::int64_t in_channels, out_channels;  ///< of all groups
  std::int64_t groups = 1;

  std::int64_t items(std::int64_t channel_block) const noexcept;

  /// Does the items of `work` over its whole batch. Gradients are packed; either may be null.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* image, const T* out_gradient, T* weights_gradient,
           T* bias_gradient, const Work& work) const;

 private:
  base::WeightsLayout layout(std::int64_t channel_block) const noexcept {
    return {taps(), in_channels / groups, out_channels, channel_block, groups};
  }
  std::int64_t slices() const noexcept;
  std::int64_t taps() const noexcept { return window.size.height * window.size.width; }
  std::int64_t items_of_block() const noexcept { return slices() * taps(); }
  template <class T>
  void run_tile(const kernels::KernelTable<T>& table, const T* image, const T* out_gradient, T* weights_gradient,
                std::int64_t item, const GradientChunks::Chunk& chunk, bool accumulate) const;
};

/// The packed bias gradient of one block of `layout`: (or += with accumulate) the sums of its columns of out_gradient
/// {rows, layout.out}; the block's rest is zero.
template <class T>
void sum_bias_gradient(const kernels::KernelTable<T>& table, const T* out_gradient, std::int64_t rows,
                       const base::WeightsLayout& layout, std::int64_t block, T* bias_gradient, bool accumulate);

}  // namespace tilewise::ops
