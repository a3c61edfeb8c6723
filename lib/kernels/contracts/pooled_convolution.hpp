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

/// Input made ready for winograd_pool_tile, for pools side by side. Along an axis, d(x) = x[0] - x[2], x[1] - x[3],
/// x[1] + x[2], x[2] - x[1]: out[(4*i + m)*out_row + 4*j + n] is component m along the rows, then n along the columns,
/// of x[k][l] = in[(2*i + k)*in_row + 2*j + l], for 0 <= i < rows, 0 <= j < columns. A place may be written twice: `in`
/// and `out` do not overlap.
template <class T>
struct WinogradTilesArgs {
  const T* in;
  T* out;
  std::int64_t in_row, out_row;
  std::int64_t rows, columns;
};

/// What conv3x3_pool_tile does, by Winograd's F(2x2, 3x3), on what winograd_tiles makes of the input: its row_step and
/// column_step are four for each place. With x[m][n] = in[(i*row_step + m)*in_row + j*column_step + n] and, along the
/// columns of the weights' taps, then along their rows, u(w) = w[0], w[2], ((w[0] + w[2]) + w[1]) / 2,
/// ((w[0] + w[2]) - w[1]) / 2, for each n
///
///   plus[n] = x[2][n] * u[2][n], with the bias added for n = 2; minus[n] = x[3][n] * u[3][n]
///   t[0][n] = (plus[n] + minus[n]) + x[0][n] * u[0][n], t[1][n] = (plus[n] - minus[n]) - x[1][n] * u[1][n]
///   sum[2*y] = (t[y][2] + t[y][3]) + t[y][0], sum[2*y + 1] = (t[y][2] - t[y][3]) - t[y][1]
///
/// each product but minus[n] and, without the bias, plus[n] added in one rounding.
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
