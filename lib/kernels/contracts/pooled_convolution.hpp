#pragma once

#include <cstdint>

#include "kernels/contracts/convolution.hpp"

/// Contracts: convolutions with a 2x2 max-pool behind them, of few input channels. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// A 3x3 convolution of one input channel, its activation and a 2x2 max-pool, for a rectangle of places and one block
/// of output channels. For the positions p = 0 to 3, row y = p/2 and column x = p mod 2 of the pool,
///
///   sum[i][j][p][n] = bias[n] + sum_{r<3} sum_{c<3}
///       in[(i*row_step + y + r)*in_row + j*column_step + x + c] * weights[(3*r + c)*channel_block + n]
///
/// for 0 <= i < rows, 0 <= j < columns, 0 <= n < out_channels, as one chain of fused multiply-adds in the order (r, c);
/// out[i*out_row + j*out_column + n] and index, which has the same steps, are made of them as ConvTileArgs says. All of
/// the input from the first row and column to the last may be read. `weights` and `bias` hold channel_block
/// columns, of which those from out_channels on are ignored; bias may be null, for zeros, and index, for not wanted.
template <class T>
struct Conv3x3PoolTileArgs {
  const T* in;
  const T* weights;
  const T* bias;
  T* out;
  std::uint8_t* index;
  std::int64_t in_row;
  std::int64_t row_step, column_step;  ///< of the pool: rows and columns of input from one place to the next
  std::int64_t out_row, out_column;
  std::int64_t rows, columns;
  std::int32_t out_channels;  ///< 1 to channel_block
  Activation activation;
};

/// Rows of input made ready for winograd_pool_tile: with x[k] = in[i*in_row + 2*j + k],
///
///   out[i*out_row + 4*j + m] = x[0] - x[2], x[1] - x[3], x[1] + x[2], x[2] - x[1] for m = 0, 1, 2, 3
///
/// for 0 <= i < rows, 0 <= j < count. A place may be written twice: `in` and `out` do not overlap.
template <class T>
struct WinogradRowsArgs {
  const T* in;
  T* out;
  std::int64_t in_row, out_row;
  std::int64_t rows, count;
};

/// What conv3x3_pool_tile does, by Winograd's F(2, 3) along rows, on what winograd_rows makes of the input: its
/// column_step is four for each pair of columns. With x[y][m] = in[(i*row_step + y)*in_row + j*column_step + m] for
/// 0 <= m < 4, w[r][c] the weights of tap (r, c), and y the row of the pool,
///
///   u[r] = w[r][0], ((w[r][0] + w[r][2]) + w[r][1]) / 2, ((w[r][0] + w[r][2]) - w[r][1]) / 2, w[r][2]
///   even[y] = bias + sum_{r<3} x[y + r][2] * u[r][1]
///   odd[y] = sum_{r<3} x[y + r][3] * u[r][2]
///   sum[2*y] = (even[y] + odd[y]) + sum_{r<3} x[y + r][0] * u[r][0]
///   sum[2*y + 1] = (even[y] - odd[y]) - sum_{r<3} x[y + r][1] * u[r][3]
///
/// each a chain of fused multiply-adds in the order of r, odd[y] beginning with a product.
template <class T>
struct WinogradPoolTileArgs : Conv3x3PoolTileArgs<T> {};

/// The inputs that a tap meets at the four positions of a 2x2 pool, side by side: a quad.
///
///   out[4*i + 2*r + c] = in[i + r*in_row + c*in_column] for 0 <= i < count and r, c in {0, 1}
template <class T>
struct PoolQuadsArgs {
  const T* in;
  T* out;
  std::int64_t in_row, in_column;
  std::int64_t count;
};

/// Backward-weights of a rectangle of taps for one block of output channels, from the gradient and index of a 2x2
/// max-pool. Where the index is 0 to 3 let g[i][j][n] be out_gradient[i*out_row + j*out_column + n], else zero; index
/// has the same steps. Then
///
///   weights_gradient[(r*tap_columns + c)*channel_block + n] += sum_{i<rows} sum_{j<columns}
///       quads[i*quads_row + j*quads_column + r*tap_row + 4*c + index mod 4] * g[i][j][n]
///   bias_gradient[n] += sum_{i<rows} sum_{j<columns} g[i][j][n]
///
/// for 0 <= r < tap_rows, 0 <= c < tap_columns, 0 <= n < out_channels, the first as one chain of fused multiply-adds,
/// both in the order (i, j). Columns from out_channels on are not touched.
template <class T>
struct PooledWeightsTileArgs {
  const T* quads;
  const T* out_gradient;
  const std::uint8_t* index;
  T* weights_gradient;
  T* bias_gradient;  ///< null: not wanted
  std::int64_t quads_row, quads_column, tap_row;
  std::int64_t out_row, out_column;
  std::int64_t rows, columns;
  std::int32_t tap_rows, tap_columns;  ///< 0: only the bias gradient
  std::int32_t out_channels;           ///< 1 to channel_block
};

}  // namespace tilewise::kernels
