#pragma once

#include "kernels/contracts/transform.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
void slice_product(const SliceProductArgs<T>& args) {
  for (std::int64_t t = 0; t < args.count; ++t)
    for (std::int64_t n = 0; n < args.channels; ++n) {
      const auto add_product = [&](T sum, std::int64_t s) {
        for (std::int64_t k = 0; k < args.depth; ++k)
          sum = fma(args.in[s * args.in_slice + t * args.in_step + k],
                    args.weights[s * args.weights_slice + k * args.weights_step + n], sum);
        return sum;
      };
      T* out = args.out + t * args.out_step + n;
      for (std::int64_t s = 0; s < args.real_slices; ++s, out += args.out_slice) *out = add_product(T{}, s);
      for (std::int64_t number = 0; number < args.complex_numbers; ++number, out += 2 * args.out_slice) {
        const std::int64_t s = args.real_slices + 3 * number;
        const T first = add_product(T{}, s);
        out[0] = add_product(first, s + 1);
        out[args.out_slice] = add_product(first, s + 2);
      }
    }
}

template <class T>
void slice_gradient(const SliceGradientArgs<T>& args) {
  for (std::int64_t s = 0; s < args.slices; ++s)
    for (std::int64_t k = 0; k < args.rows; ++k)
      for (std::int64_t n = 0; n < args.channels; ++n) {
        T sum{};
        for (std::int64_t t = 0; t < args.count; ++t)
          sum = fma(args.in[s * args.in_slice + t * args.in_step + k],
                    args.gradient[s * args.gradient_slice + t * args.gradient_step + n], sum);
        args.out[s * args.out_slice + k * args.out_step + n] = sum;
      }
}

}  // namespace
}  // namespace tilewise::kernels
