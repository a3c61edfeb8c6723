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

template <class T>
void winograd_rows(const WinogradRowsArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t j = 0; j < args.count; ++j) {
      const T* x = args.in + i * args.in_row + 2 * j;
      T* out = args.out + i * args.out_row + 4 * j;
      out[0] = x[0] - x[2];
      out[1] = x[1] - x[3];
      out[2] = x[1] + x[2];
      out[3] = x[2] - x[1];
    }
}

/// The two sums of row y of a pool, `x` at its first row of input.
template <class T>
void winograd_sums(const T* x, std::int64_t in_row, const T* weights, T bias, T sum[2]) {
  T even = bias, odd{};
  for (std::int64_t r = 0; r < 3; ++r) {
    const T* w = weights + 3 * r * block;
    const T outer = w[0] + w[2 * block], inner = w[block];
    even = fma(x[r * in_row + 2], (outer + inner) / 2, even);
    const T of_odd = (outer - inner) / 2;
    odd = r == 0 ? x[3] * of_odd : fma(x[r * in_row + 3], of_odd, odd);
  }
  sum[0] = even + odd;
  sum[1] = even - odd;
  for (std::int64_t r = 0; r < 3; ++r) {
    sum[0] = fma(x[r * in_row], weights[3 * r * block], sum[0]);
    sum[1] = fma(-x[r * in_row + 1], weights[(3 * r + 2) * block], sum[1]);
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
        for (std::int64_t y = 0; y < 2; ++y)
          winograd_sums(in + y * args.in_row, args.in_row, args.weights + n, bias, sum + 2 * y);
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
