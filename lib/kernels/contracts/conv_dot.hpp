#pragma once

#include <cstdint>

#include "kernels/contracts/convolution.hpp"

/// Contracts: convolution with few output channels. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// The chains that conv_dot_tile shares a sum out to.
inline constexpr int dot_chains = 16;

/// Direct convolution of one output channel at `count` places (images, or neighbouring columns) that share their taps:
/// where there are few output channels, those of the input fill the vectors instead. Each output is made of dot_chains
/// sums
///
///   sum[i][j] = sum_{r<rows} sum_{c<columns} sum_{k<in_channels, k mod dot_chains = j}
///               in[i*in_step + r*in_row + c*in_column + k] * weights[r*weights_row + c*weights_column + k]
///
/// for 0 <= i < count, each one chain of fused multiply-adds in the order (r, c, k) from zero; then
/// sum[i][j] += sum[i][j + d] for 0 <= j < d with d = dot_chains / 2, ..., 2, 1, and
/// out[i*out_step] = activation(start + sum[i][0]).
template <class T>
struct ConvDotTileArgs {
  const T* in;
  const T* weights;
  T* out;
  std::int64_t in_step, in_row, in_column;
  std::int64_t weights_row, weights_column;
  std::int64_t out_step;
  std::int64_t count;
  std::int64_t in_channels;
  std::int32_t rows, columns;  ///< of taps; 0: the sums are empty
  T start;
  Activation activation;
};

}  // namespace tilewise::kernels
