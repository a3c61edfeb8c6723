#pragma once

#include "kernels/contracts/normalization.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/simd.hpp"

namespace tilewise::kernels {
namespace {

template <class Arch>
void centered_sum(const CenteredSumArgs<float>& args) {
  for_each_vector<Arch>(args.channels, [&](std::int64_t n, auto width) TILEWISE_INLINE {
    const Vec<Arch> mean = load_part<Arch>(args.mean + n, width);
    Vec<Arch> sum(0.f);
    for (std::int64_t i = 0; i < args.rows; ++i) {
      const Vec<Arch> centered = load_part<Arch>(args.in + i * args.channels + n, width) - mean;
      sum = fma<Arch>(centered, args.factor ? load_part<Arch>(args.factor + i * args.channels + n, width) : centered,
                      sum);
    }
    store_part<Arch>(args.out + n, sum, width);
  });
}

template <class Arch>
void normalize(const NormalizeArgs<float>& args) {
  for_each_vector<Arch>(args.channels, [&](std::int64_t n, auto width) TILEWISE_INLINE {
    const Vec<Arch> mean = load_part<Arch>(args.mean + n, width), scale = load_part<Arch>(args.scale + n, width),
                    shift = load_part<Arch>(args.shift + n, width);
    for (std::int64_t i = 0; i < args.rows; ++i) {
      const Vec<Arch> in = load_part<Arch>(args.in + i * args.channels + n, width);
      store_part<Arch>(args.out + i * args.channels + n, fma<Arch>(in - mean, scale, shift), width);
    }
  });
}

template <class Arch>
void normalize_backward(const NormalizeBackwardArgs<float>& args) {
  for_each_vector<Arch>(args.channels, [&](std::int64_t n, auto width) TILEWISE_INLINE {
    const Vec<Arch> mean = load_part<Arch>(args.mean + n, width), scale = load_part<Arch>(args.scale + n, width),
                    offset = load_part<Arch>(args.offset + n, width), slope = load_part<Arch>(args.slope + n, width);
    for (std::int64_t i = 0; i < args.rows; ++i) {
      const std::int64_t at = i * args.channels + n;
      const Vec<Arch> in = load_part<Arch>(args.in + at, width);
      const Vec<Arch> out_gradient = load_part<Arch>(args.out_gradient + at, width);
      store_part<Arch>(args.in_gradient + at, scale * fma<Arch>(mean - in, slope, out_gradient - offset), width);
    }
  });
}

}  // namespace
}  // namespace tilewise::kernels
