#pragma once

#include "kernels/contracts/depthwise.hpp"
#include "kernels/reference/convolution.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

/// The j-th of the inputs that output n sees.
template <class Args>
std::int64_t seen_input(const Args& args, std::int64_t n, std::int64_t j) {
  return args.times > 1 ? (args.skip + n) / args.times : n - n % args.group + j;
}

template <class T>
void depthwise_tile(const DepthwiseTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    for (std::int64_t n = 0; n < args.channels; ++n) {
      const T* const weights = args.weights + n / block * args.weights_block + n % block;
      T sum = args.bias ? args.bias[n] : T{0};
      for (std::int64_t r = 0; r < args.rows; ++r)
        for (std::int64_t c = 0; c < args.columns; ++c)
          for (std::int64_t j = 0; j < args.group; ++j)
            sum = fma(args.in[i * args.in_step + r * args.in_row + c * args.in_column + seen_input(args, n, j)],
                      weights[r * args.weights_row + c * args.weights_column + j * block], sum);
      args.out[i * args.out_step + n] = activate(sum, args.activation);
    }
}

template <class T>
void depthwise_weights_tile(const DepthwiseWeightsTileArgs<T>& args) {
  for (std::int64_t r = 0; r < args.tap_rows; ++r)
    for (std::int64_t c = 0; c < args.tap_columns; ++c)
      for (std::int64_t j = 0; j < args.group; ++j)
        for (std::int64_t n = 0; n < args.channels; ++n) {
          const T* in = args.in + r * args.tap_row + c * args.tap_column + seen_input(args, n, j);
          T& sum = args.weights_gradient[r * args.weights_row + c * args.weights_column + j * block + n];
          for (std::int64_t i = 0; i < args.images; ++i)
            for (std::int64_t p = 0; p < args.rows; ++p)
              for (std::int64_t q = 0; q < args.columns; ++q)
                sum = fma(in[i * args.in_image + p * args.in_row + q * args.in_column],
                          args.out_gradient[i * args.out_image + p * args.out_row + q * args.out_column + n], sum);
        }
}

template <class T>
void fold_channels(const FoldChannelsArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    T sum = args.in[i * args.times];
    for (std::int64_t j = 1; j < args.times; ++j) sum += args.in[i * args.times + j];
    args.out[i] = sum;
  }
}

}  // namespace
}  // namespace tilewise::kernels
