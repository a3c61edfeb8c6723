#pragma once

#include "base/weights_layout.hpp"
#include "ops/gradient_chunks.hpp"
#include "ops/op.hpp"
#include "ops/tap_regions.hpp"

namespace tilewise::ops {

/// Backward-weights of a depthwise convolution, all taps at once: a load of the output gradient serves them all. Where
/// there are few channels to share out, the batch is cut into slots, which are summed independently and then added in
/// order. Which chunks a slot has depends on shapes only.
class RegionGradient {
 public:
  RegionGradient(const Window2D& window, Extent2D in, std::int64_t channels);

  /// Appends the phases, and the workspace that they need, to a step whose tensors are: output gradient, image, any |
  /// any, weights gradient, bias gradient (packed) | this workspace.
  template <class T>
  void lower(const kernels::KernelTable<T>& table, bool weights_wanted, bool bias_wanted, Step& step) const;

 private:
  base::WeightsLayout layout(std::int64_t channel_block) const noexcept {
    return {window_.size.height * window_.size.width, 1, channels_, channel_block};
  }
  /// The gradients' parts of one slot; either may be null.
  template <class T>
  struct Gradients {
    T* weights;
    T* bias;
  };
  template <class T>
  Gradients<T> slot(Tensors tensors, std::int64_t number, std::int64_t channel_block, bool weights_wanted,
                    bool bias_wanted) const noexcept;
  template <class T>
  void sum_slot(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t batch, std::int64_t number,
                std::int64_t block, const Gradients<T>& gradients) const;
  template <class T>
  void sum_chunk(const kernels::KernelTable<T>& table, const GradientChunks::Chunk& chunk, std::int64_t block,
                 const T* image, const T* out_gradient, T* weights_gradient) const;

  Window2D window_;
  Extent2D in_, out_;
  std::int64_t channels_;
  std::int64_t slots_;
  TapRegions regions_;
};

}  // namespace tilewise::ops
