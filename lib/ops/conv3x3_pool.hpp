#pragma once

#include "ops/conv2d.hpp"
#include "ops/pooled_strips.hpp"

namespace tilewise::ops {

/// Convolution, activation and max-pool by kernel conv3x3_pool_tile, or winograd_pool_tile. Padding is multiplied, as
/// zeros, so that all places are alike.
struct Conv3x3Pool {
  PooledStrips strips;
  std::int64_t out_channels;
  kernels::Activation activation;
  bool winograd = false;

  /// Whether the kernel does it: 3x3 of one channel, behind it a pool of 2x2.
  static bool can_do(const Conv2DAttributes& attributes, std::int64_t in_channels) noexcept;
  /// Whether Winograd's does it too: pools side by side.
  static bool can_do_winograd(const Conv2DAttributes& attributes, std::int64_t in_channels) noexcept {
    return can_do(attributes, in_channels) && attributes.pool->stride == Extent2D{2, 2};
  }

  /// Pieces of work: output rows, of which a call does best several.
  std::int64_t items() const noexcept { return strips.out.height; }
  /// What run() needs in Work::scratch, for elements of so many bytes.
  std::int64_t scratch_bytes(std::int64_t element_bytes) const noexcept {
    return (strip_elements() + 4 * strips.rows() * winograd_row()) * element_bytes;
  }

  /// Does the items and images of `work`. `weights` are packed; bias and index may be null.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* in, const T* weights, const T* bias, T* out,
           std::uint8_t* index, const Work& work) const;

 private:
  std::int64_t strip_elements() const noexcept { return strips.in_rows(strips.rows()) * strips.row_elements(); }
  /// Elements of a row that winograd_tiles has made.
  std::int64_t winograd_row() const noexcept { return winograd ? 4 * strips.out.width : 0; }
};

}  // namespace tilewise::ops
