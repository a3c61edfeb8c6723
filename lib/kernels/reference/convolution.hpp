#pragma once

#include "kernels/contracts/convolution.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
T conv_sum(const ConvTileArgs<T>& args, const ConvTaps& taps, std::int64_t i, std::int64_t n, T sum,
           std::int64_t channel_block) {
  const T* in = args.in + i * args.in_step + taps.in_offset;
  const T* weights = args.weights + taps.weights_offset + n;
  for (std::int64_t r = 0; r < taps.rows; ++r)
    for (std::int64_t c = 0; c < taps.columns; ++c)
      for (std::int64_t k = 0; k < args.in_channels; ++k)
        sum = fma(in[r * args.in_row + c * args.in_column + k],
                  weights[r * args.weights_row + c * args.weights_column + k * channel_block], sum);
  return sum;
}

inline constexpr std::int32_t block = 4;  // small, so that tests on the reference meet several blocks and their tails

template <class T>
void conv_tile(const ConvTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    for (std::int64_t n = 0; n < args.out_channels; ++n) {
      T& out = args.out[i * args.out_step + n];
      const T start = args.accumulate ? out : args.bias ? args.bias[n] : T{0};
      T best = conv_sum(args, args.positions[0], i, n, start, block);
      std::int32_t number = 0;
      for (std::int32_t p = 1; p < args.position_count; ++p) {
        const T sum = conv_sum(args, args.positions[p], i, n, start, block);
        if (is_larger(sum, best)) {
          best = sum;
          number = p;
        }
      }
      out = activate(best, args.activation);
      if (args.position_count > 1 && args.index) {
        const bool dead = args.activation == Activation::relu && !(best > T{0});
        args.index[i * args.index_step + n] = dead ? dead_index_u8 : static_cast<std::uint8_t>(number);
      }
    }
  }
}

template <class T>
void conv_weights_tile(const ConvWeightsTileArgs<T>& args) {
  for (std::int64_t k = 0; k < args.in_channels; ++k) {
    for (std::int64_t n = 0; n < block; ++n) {
      T& gradient = args.weights_gradient[k * block + n];
      T sum = args.accumulate ? gradient : T{0};
      if (n < args.out_channels) {
        for (std::int64_t i = 0; i < args.images; ++i)
          for (std::int64_t r = 0; r < args.rows; ++r)
            for (std::int64_t c = 0; c < args.columns; ++c)
              sum = fma(args.in[i * args.in_image + r * args.in_row + c * args.in_column + k],
                        args.out_gradient[i * args.out_image + r * args.out_row + c * args.out_column + n], sum);
      } else {
        sum = T{0};
      }
      gradient = sum;
    }
  }
}

template <class T>
void column_sum(const ColumnSumArgs<T>& args) {
  for (std::int64_t n = 0; n < args.columns; ++n) {
    T sum = args.accumulate ? args.out[n] : T{0};
    for (std::int64_t i = 0; i < args.rows; ++i) sum += args.in[i * args.in_step + n];
    args.out[n] = sum;
  }
}

template <class T>
void transpose(const TransposeArgs<T>& args) {
  for (std::int64_t c = 0; c < args.columns; ++c)
    for (std::int64_t r = 0; r < args.rows; ++r) args.out[c * args.out_step + r] = args.in[r * args.in_step + c];
}

}  // namespace
}  // namespace tilewise::kernels
