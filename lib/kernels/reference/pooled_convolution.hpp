#pragma once

#include "kernels/contracts/pooled_convolution.hpp"
#include "kernels/reference/convolution.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
void conv3x3_pool_tile(const Conv3x3PoolTileArgs<T>& args) {
  ConvTaps positions[4];
  for (std::int64_t p = 0; p < 4; ++p) positions[p] = {p / 2 * args.in_row + p % 2, 0, 3, 3};
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t place = i * args.out_row;
    conv_tile<T>({.in = args.in + i * args.row_step * args.in_row,
                  .weights = args.weights,
                  .bias = args.bias,
                  .out = args.out + place,
                  .index = args.index ? args.index + place : nullptr,
                  .positions = positions,
                  .in_step = args.column_step,
                  .in_row = args.in_row,
                  .in_column = 1,
                  .weights_row = 3 * block,
                  .weights_column = block,
                  .out_step = args.out_column,
                  .index_step = args.out_column,
                  .count = args.columns,
                  .in_channels = 1,
                  .position_count = 4,
                  .out_channels = args.out_channels,
                  .accumulate = false,
                  .activation = args.activation});
  }
}

/// Component m of F(2, 3) along one axis, of inputs or of taps.
template <class T>
T winograd_input(const T x[4], std::int64_t m) {
  const T components[] = {x[0] - x[2], x[1] - x[3], x[1] + x[2], x[2] - x[1]};
  return components[m];
}
template <class T>
T winograd_weight(T first, T middle, T last, std::int64_t m) {
  const T outer = first + last, components[] = {first, last, (outer + middle) / 2, (outer - middle) / 2};
  return components[m];
}

template <class T>
void winograd_tiles(const WinogradTilesArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t j = 0; j < args.columns; ++j)
      for (std::int64_t m = 0; m < 4; ++m) {
        T along_rows[4];
        for (std::int64_t l = 0; l < 4; ++l) {
          const T* in = args.in + 2 * i * args.in_row + 2 * j + l;
          const T x[] = {in[0], in[args.in_row], in[2 * args.in_row], in[3 * args.in_row]};
          along_rows[l] = winograd_input(x, m);
        }
        for (std::int64_t n = 0; n < 4; ++n)
          args.out[(4 * i + m) * args.out_row + 4 * j + n] = winograd_input(along_rows, n);
      }
}

/// The four sums of a place whose input begins at `in`; weights and bias: of one output channel.
template <class T>
void winograd_sums(const T* in, std::int64_t in_row, const T* weights, T bias, T sum[4]) {
  T t[2][4];
  for (std::int64_t n = 0; n < 4; ++n) {
    T of_rows[3], u[4];
    for (std::int64_t r = 0; r < 3; ++r) {
      const T* w = weights + 3 * r * block;
      of_rows[r] = winograd_weight(w[0], w[block], w[2 * block], n);
    }
    for (std::int64_t m = 0; m < 4; ++m) u[m] = winograd_weight(of_rows[0], of_rows[1], of_rows[2], m);
    const T x = in[2 * in_row + n], plus = n == 2 ? fma(x, u[2], bias) : x * u[2], minus = in[3 * in_row + n] * u[3];
    t[0][n] = fma(in[n], u[0], plus + minus);
    t[1][n] = fma(-in[in_row + n], u[1], plus - minus);
  }
  for (std::int64_t y = 0; y < 2; ++y) {
    sum[2 * y] = (t[y][2] + t[y][3]) + t[y][0];
    sum[2 * y + 1] = (t[y][2] - t[y][3]) - t[y][1];
  }
}

template <class T>
void winograd_pool_tile(const WinogradPoolTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t j = 0; j < args.columns; ++j)
      for (std::int64_t n = 0; n < args.out_channels; ++n) {
        const T* in = args.in + i * args.row_step * args.in_row + j * args.column_step;
        const T bias = args.bias ? args.bias[n] : T{0};
        T sum[4];
        winograd_sums(in, args.in_row, args.weights + n, bias, sum);
        const std::int64_t place = i * args.out_row + j * args.out_column + n;
        std::uint8_t largest = 0;
        for (std::uint8_t p = 1; p < 4; ++p)
          if (is_larger(sum[p], sum[largest])) largest = p;
        const T best = sum[largest];
        args.out[place] = activate(best, args.activation);
        if (args.index)
          args.index[place] = args.activation == Activation::relu && !(best > T{0}) ? dead_index_u8 : largest;
      }
}

template <class T>
void pool_quads(const PoolQuadsArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    for (std::int64_t r = 0; r < 2; ++r)
      for (std::int64_t c = 0; c < 2; ++c)
        args.out[4 * i + 2 * r + c] = args.in[i + r * args.in_row + c * args.in_column];
}

template <class T>
void pooled_weights_tile(const PooledWeightsTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t j = 0; j < args.columns; ++j)
      for (std::int64_t n = 0; n < args.out_channels; ++n) {
        const std::int64_t place = i * args.out_row + j * args.out_column + n;
        const std::uint8_t index = args.index[place];
        const T gradient = index < 4 ? args.out_gradient[place] : T{0};
        const T* quads = args.quads + i * args.quads_row + j * args.quads_column + index % 4;
        for (std::int64_t r = 0; r < args.tap_rows; ++r)
          for (std::int64_t c = 0; c < args.tap_columns; ++c) {
            T& sum = args.weights_gradient[(r * args.tap_columns + c) * block + n];
            sum = fma(quads[r * args.tap_row + 4 * c], gradient, sum);
          }
        if (args.bias_gradient) args.bias_gradient[n] += gradient;
      }
}

}  // namespace
}  // namespace tilewise::kernels
