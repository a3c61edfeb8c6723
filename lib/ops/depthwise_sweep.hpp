#pragma once

#include "ops/conv_sweep.hpp"

namespace tilewise::ops {

/// The sweep of kernel depthwise_tile over whole images, which forward and backward-data share, those of convolutions
/// of small groups too.
struct DepthwiseSweep {
  SweepAxis rows, columns;
  Extent2D in;  ///< of the images that are read
  Extent2D kernel;
  std::int64_t channels;  ///< of the kernel
  /// The axes are SweepAxis::backward's, which count taps from the last one; the kernel's own order is not reversed.
  bool is_backward;
  kernels::Activation activation = kernels::Activation::none;
  std::int64_t group = 1;  ///< channels of a group: 1, 2 or 4
  std::int64_t times = 1;  ///< channels of the kernel for each of the forward image, with group 1

  /// Pieces of work: (output row) x (block of channels), or whole rows where the sums of neighbours are folded.
  std::int64_t items(std::int64_t channel_block) const noexcept;
  /// What run() needs in Work::scratch, for elements of so many bytes.
  std::int64_t scratch_bytes(std::int64_t element_bytes) const noexcept;

  /// Does the items and images of `work`. `weights` are packed {kh, kw, group, channels}; bias may be null.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
           const Work& work) const;

 private:
  /// Neighbouring channels of one row.
  struct Part {
    std::int64_t row, first_channel, channels;
  };
  template <class F>
  void for_parts(const Work& work, const base::WeightsLayout& layout, const F& f) const;

  bool is_folded() const noexcept { return is_backward && times > 1; }
  std::int64_t in_channels() const noexcept { return is_backward ? channels : channels / times; }
  std::int64_t out_channels() const noexcept { return is_backward ? channels / times : channels; }
  std::int64_t in_image() const noexcept { return in.height * in.width * in_channels(); }
};

}  // namespace tilewise::ops
