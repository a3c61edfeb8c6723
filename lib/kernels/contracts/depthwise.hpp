#pragma once

#include <cstdint>

#include "kernels/contracts/convolution.hpp"

/// Contracts: depthwise convolution, each channel by itself, and convolution of groups of 2 or 4 channels, which is
/// much the same. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// Depthwise convolution of one tile: `count` places (images, or neighbouring columns) that share their taps, a
/// rectangle, times any number of channels. It serves forward and, with steps of its own, backward-data. Output n sees
/// the `group` inputs seen(n, j), 0 <= j < group, of a place: those of its own group,
///
///   seen(n, j) = n - n % group + j
///
/// or, with `times` > 1 (and group 1), one that it shares, seen(n, 0) = (skip + n) / times. Then
///
///   out[i*out_step + n] = activation(start[n] + sum_{r<rows} sum_{c<columns} sum_{j<group}
///                         in[i*in_step + r*in_row + c*in_column + seen(n, j)] *
///                         weights[b*weights_block + r*weights_row + c*weights_column + j*channel_block + n'])
///
/// for 0 <= i < count, 0 <= n < channels, n = b*channel_block + n' with 0 <= n' < channel_block, as one chain of fused
/// multiply-adds in the order (r, c, j). `start` is bias, or zero if bias is null. A row of weights, and bias, holds
/// whole blocks of channel_block columns (KernelTable), of which those from `channels` on are ignored.
template <class T>
struct DepthwiseTileArgs {
  const T* in;
  const T* weights;
  const T* bias;  ///< may be null
  T* out;
  std::int64_t in_step, in_row, in_column;
  std::int64_t weights_row, weights_column, weights_block;
  std::int64_t out_step;
  std::int64_t count;
  std::int64_t channels;       ///< of `out`, a multiple of group
  std::int32_t rows, columns;  ///< of taps; 0: the sum is empty
  std::int32_t group;          ///< 1 (depthwise), 2 or 4
  std::int32_t times;          ///< outputs of each input: 1, or more with group 1
  std::int32_t skip;           ///< outputs of input 0 that lie before output 0, below times
  Activation activation;
};

/// Backward-weights of a rectangle of taps that all reach real input at all of the places, for one block of channels.
/// Row (r, c, j) of the gradient is weights_gradient[r*weights_row + c*weights_column + j*channel_block + n], and
///
///   row (r, c, j)[n] += sum_{i<images} sum_{p<rows} sum_{q<columns}
///       in[i*in_image + p*in_row + q*in_column + r*tap_row + c*tap_column + seen(n, j)] *
///       out_gradient[i*out_image + p*out_row + q*out_column + n]
///
/// for 0 <= r < tap_rows, 0 <= c < tap_columns, 0 <= j < group, 0 <= n < channels, as one chain of fused multiply-adds
/// in the order (i, p, q) that begins with what the row holds. seen(n, j) as above.
template <class T>
struct DepthwiseWeightsTileArgs {
  const T* in;
  const T* out_gradient;
  T* weights_gradient;
  std::int64_t in_image, in_row, in_column;
  std::int64_t out_image, out_row, out_column;
  std::int64_t images, rows, columns;
  std::int64_t tap_row, tap_column;
  std::int64_t weights_row, weights_column;
  std::int32_t tap_rows, tap_columns;
  std::int32_t channels;  ///< 1 to channel_block, a multiple of group
  std::int32_t group;     ///< 1 (depthwise), 2 or 4
  std::int32_t times;     ///< outputs of each input: 1, or more with group 1
  std::int32_t skip;      ///< outputs of input 0 that lie before output 0, below times
};

/// The gradients of outputs that shared an input, summed: out[i] = in[i*times] + in[i*times + 1] + ..., in this order,
/// for 0 <= i < count.
template <class T>
struct FoldChannelsArgs {
  const T* in;
  T* out;
  std::int64_t count;
  std::int64_t times;  ///< 1 or more
};

}  // namespace tilewise::kernels
