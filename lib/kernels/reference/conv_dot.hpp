#pragma once

#include "kernels/contracts/conv_dot.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
void conv_dot_tile(const ConvDotTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    T sum[dot_chains] = {};
    for (std::int64_t r = 0; r < args.rows; ++r)
      for (std::int64_t c = 0; c < args.columns; ++c)
        for (std::int64_t k = 0; k < args.in_channels; ++k)
          sum[k % dot_chains] =
              fma(args.in[i * args.in_step + r * args.in_row + c * args.in_column + k],
                  args.weights[r * args.weights_row + c * args.weights_column + k], sum[k % dot_chains]);
    for (int distance = dot_chains / 2; distance > 0; distance /= 2)
      for (int j = 0; j < distance; ++j) sum[j] += sum[j + distance];
    args.out[i * args.out_step] = activate(args.start + sum[0], args.activation);
  }
}

}  // namespace
}  // namespace tilewise::kernels
