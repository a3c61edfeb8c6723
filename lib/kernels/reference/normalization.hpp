#pragma once

#include "kernels/contracts/normalization.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
void centered_sum(const CenteredSumArgs<T>& args) {
  for (std::int64_t n = 0; n < args.channels; ++n) {
    T sum = T{0};
    for (std::int64_t i = 0; i < args.rows; ++i) {
      const T centered = args.in[i * args.channels + n] - args.mean[n];
      sum = fma(centered, args.factor ? args.factor[i * args.channels + n] : centered, sum);
    }
    args.out[n] = sum;
  }
}

template <class T>
void normalize(const NormalizeArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t n = 0; n < args.channels; ++n)
      args.out[i * args.channels + n] =
          fma(args.in[i * args.channels + n] - args.mean[n], args.scale[n], args.shift[n]);
}

template <class T>
void normalize_backward(const NormalizeBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t n = 0; n < args.channels; ++n) {
      const std::int64_t at = i * args.channels + n;
      args.in_gradient[at] =
          args.scale[n] * fma(args.mean[n] - args.in[at], args.slope[n], args.out_gradient[at] - args.offset[n]);
    }
}

}  // namespace
}  // namespace tilewise::kernels
