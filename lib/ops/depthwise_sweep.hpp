#pragma once

#include "ops/conv_sweep.hpp"

namespace tilewise::ops {

/// The sweep of kernel depthwise_tile over whole images, which forward and backward-data share, those of convolutions
/// of small groups too.
struct DepthwiseSweep {
  SweepAxis rows, columns;
  Extent2D in;  ///< of the images that are read
  Extent2D kernel;
  std::int64_t channels;
  /// The axes are SweepAxis::backward's, which count taps from the last one; the kernel's own order is not reversed.
  bool is_backward;
  kernels::Activation activation = kernels::Activation::none;
  std::int64_t group = 1;  ///< channels of a group: 1, 2 or 4

  /// Pieces of work: (block of channels) x (output row).
  std::int64_t items(std::int64_t channel_block) const noexcept;

  /// Does the items and images of `work`. `weights` are packed {kh, kw, group, channels}; bias may be null.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
           const Work& work) const;

 private:
  std::int64_t in_image() const noexcept { return in.height * in.width * channels; }
  std::int64_t out_image() const noexcept { return rows.out() * columns.out() * channels; }
};

}  // namespace tilewise::ops
