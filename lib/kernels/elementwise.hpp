#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Kernels that stream over vectors: memory sets their speed, so they are as plain as can be.
namespace tilewise::kernels {
namespace {

/// f(i, width) over [0, count) in whole vectors, the constant width = lanes, and a last shorter one.
template <class Arch, class F>
[[gnu::always_inline]] inline void for_each_vector(std::int64_t count, const F& f) {
  std::int64_t i = 0;
  for (; i + lanes<Arch> <= count; i += lanes<Arch>) f(i, Constant<lanes<Arch>>{});
  if (i < count) f(i, count - i);
}

/// Loads and stores at either kind of width.
template <class Arch, int Width>
[[gnu::always_inline]] inline Vec<Arch> load_part(const float* from, Constant<Width>) {
  return load<Arch>(from);
}
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> load_part(const float* from, std::int64_t width) {
  return load_first<Arch>(from, width);
}
template <class Arch, int Width>
[[gnu::always_inline]] inline void store_part(float* to, Vec<Arch> x, Constant<Width>) {
  store<Arch>(to, x);
}
template <class Arch>
[[gnu::always_inline]] inline void store_part(float* to, Vec<Arch> x, std::int64_t width) {
  store_first<Arch>(to, x, width);
}

template <class Arch>
void relu(const ReluArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, relu<Arch>(load_part<Arch>(args.in + i, width)), width);
  });
}

template <class Arch>
void relu_backward(const ReluBackwardArgs<float>& args) {
  const Vec<Arch> zero(0.f);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> gradient = load_part<Arch>(args.out_gradient + i, width);
    const auto passes = load_part<Arch>(args.out + i, width) > zero;
    store_part<Arch>(args.in_gradient + i, xsimd::select(passes, gradient, zero), width);
  });
}

template <class Arch>
void add(const AddArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, load_part<Arch>(args.a + i, width) + load_part<Arch>(args.b + i, width), width);
  });
}

template <class Arch>
void squared_error_backward(const SquaredErrorBackwardArgs<float>& args) {
  const Vec<Arch> scale(args.scale);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> difference = load_part<Arch>(args.outputs + i, width) - load_part<Arch>(args.targets + i, width);
    store_part<Arch>(args.gradient + i, scale * difference, width);
  });
}

template <class Arch>
void masked_scale(const MaskedScaleArgs<float>& args) {
  const Vec<Arch> scale(args.scale);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const auto dropped = load_bytes<Arch>(args.mask + i, width) == IntVec<Arch>(0);
    const IntVec<Arch> scaled = as_integers<Arch>(load_part<Arch>(args.in + i, width) * scale);
    store_part<Arch>(args.out + i, as_floats<Arch>(xsimd::select(dropped, IntVec<Arch>(0), scaled)), width);
  });
}

template <class Arch>
void clamp(const ClampArgs<float>& args) {
  const Vec<Arch> low(-args.limit), high(args.limit);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> x = load_part<Arch>(args.in + i, width);
    store_part<Arch>(args.out + i, xsimd::select(x < low, low, xsimd::select(x > high, high, x)), width);
  });
}

template <class Arch>
void scale(const ScaleArgs<float>& args) {
  const Vec<Arch> factor(args.scale);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, load_part<Arch>(args.in + i, width) * factor, width);
  });
}

template <class Arch>
void column_sum(const ColumnSumArgs<float>& args) {
  for_each_vector<Arch>(args.columns, [&](std::int64_t n, auto width) TILEWISE_INLINE {
    Vec<Arch> sum = args.accumulate ? load_part<Arch>(args.out + n, width) : Vec<Arch>(0.f);
    for (std::int64_t i = 0; i < args.rows; ++i) sum = sum + load_part<Arch>(args.in + i * args.in_step + n, width);
    store_part<Arch>(args.out + n, sum, width);
  });
}

}  // namespace
}  // namespace tilewise::kernels
