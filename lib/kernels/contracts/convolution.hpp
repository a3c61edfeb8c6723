#pragma once

#include <cstdint>

/// Contracts: convolution, dense, and what their backward passes need. kernels.hpp has the rules for all.
namespace tilewise::kernels {

enum class Activation : std::uint8_t { none, relu };

/// Marks, in a max-pool's index, an output whose gradient reaches no input: its value was no more than zero under a
/// ReLU.
inline constexpr std::uint8_t dead_index_u8 = 0xFF;
inline constexpr std::uint32_t dead_index_u32 = 0xFFFFFFFF;
/// Windows of at most this many positions keep their index in a byte, larger ones in 32 bits.
inline constexpr int max_u8_positions = 254;

/// The kernel taps that reach real input at one output position: a rectangle, since padding cuts off whole rows and
/// columns. Taps in the padding are skipped, not multiplied by zero.
struct ConvTaps {
  std::int64_t in_offset;       ///< from `in` to the input of the rectangle's first tap
  std::int64_t weights_offset;  ///< from `weights` to the weights of the rectangle's first tap
  std::int32_t rows;            ///< 0 rows or columns: the sum is empty
  std::int32_t columns;
};

/// Direct convolution of one tile: `count` places (images, or neighbouring columns) that share their taps, times one
/// block of output channels. It serves forward, backward-data (with transposed weights and steps of its own) and, as
/// the 1x1 case, dense.
///
///   sum[i][n] = start[n] + sum_{r<rows} sum_{c<columns} sum_{k<in_channels}
///               in[i*in_step + in_offset + r*in_row + c*in_column + k] *
///               weights[weights_offset + r*weights_row + c*weights_column + k*channel_block + n]
///
/// for 0 <= i < count, 0 <= n < out_channels, as one chain of fused multiply-adds in the order (r, c, k). `start` is
/// bias, zero if bias is null, or, with `accumulate`, what out holds. Then
/// * position_count == 1: out[i*out_step + n] = activation(sum);
/// * position_count > 1 (max-pool of that many positions, at most max_u8_positions, no accumulate): out =
/// activation(largest sum)
///   and index[i*index_step + n] = the number of the first position that has it; dead_index_u8 if the activation is
///   ReLU and the largest sum is not above zero. NaN counts as the largest, and is not above zero.
/// `weights` and `bias` hold channel_block columns (KernelTable), of which those from out_channels on are ignored.
/// For each column c of taps, `ahead_count` elements from ahead + c*ahead_column on may be brought into the cache
/// meanwhile, where a position has one row of taps: so the next call finds there what it streams through. They are not
/// read. in_channels must not be 0 then.
template <class T>
struct ConvTileArgs {
  const T* in;
  const T* weights;
  const T* bias;  ///< may be null
  T* out;
  std::uint8_t* index;  ///< null: not wanted; unused if position_count == 1
  const ConvTaps* positions;
  std::int64_t in_step, in_row, in_column;
  std::int64_t weights_row, weights_column;
  std::int64_t out_step, index_step;
  std::int64_t count;
  std::int64_t in_channels;
  std::int32_t position_count;
  std::int32_t out_channels;  ///< 1 to channel_block
  bool accumulate;
  Activation activation;
  const T* ahead = nullptr;  ///< null: nothing is wanted
  std::int64_t ahead_count = 0, ahead_column = 0;
};

/// Backward-weights of one tap (or of dense) for one block of output channels:
///
///   weights_gradient[k*channel_block + n] = start + sum_{i<images} sum_{r<rows} sum_{c<columns}
///       in[i*in_image + r*in_row + c*in_column + k] * out_gradient[i*out_image + r*out_row + c*out_column + n]
///
/// for 0 <= k < in_channels, 0 <= n < channel_block, as one chain of fused multiply-adds in the order (i, r, c).
/// `start` is zero, or with `accumulate` what weights_gradient holds. Columns n >= out_channels of out_gradient are not
/// read and give zeros. With `ahead` > 0, one image and one row, what `in` holds for the channels k + ahead, and
/// weights_gradient for those that follow, may be brought into the cache meanwhile, for later calls; it is not read,
/// and need not exist.
template <class T>
struct ConvWeightsTileArgs {
  const T* in;
  const T* out_gradient;
  T* weights_gradient;
  std::int64_t in_image, in_row, in_column;
  std::int64_t out_image, out_row, out_column;
  std::int64_t images, rows, columns;
  std::int64_t in_channels;
  std::int32_t out_channels;  ///< 1 to channel_block
  bool accumulate;
  std::int64_t ahead = 0;
};

/// out[n] = start + sum_{i<rows} in[i*in_step + n] for 0 <= n < columns, in the order of i; start is zero, or out[n]
/// with accumulate.
template <class T>
struct ColumnSumArgs {
  const T* in;
  T* out;
  std::int64_t in_step;
  std::int64_t rows, columns;
  bool accumulate;
};

/// out[c*out_step + r] = in[r*in_step + c] for 0 <= r < rows, 0 <= c < columns.
template <class T>
struct TransposeArgs {
  const T* in;
  T* out;
  std::int64_t in_step, out_step;
  std::int64_t rows, columns;
};

}  // namespace tilewise::kernels
