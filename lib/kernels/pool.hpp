#pragma once

#include "kernels/elementwise.hpp"
#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Pooling of one row of windows, vectorised over channels.
namespace tilewise::kernels {
namespace {

/// f(offset of the position in the input, its number) over a window, in row order; of Size x Size positions, or, if
/// Size is 0, of as many as it says.
template <int Size, class Args, class F>
[[gnu::always_inline]] inline void for_each_position(const Args& args, const F& f) {
  const PoolWindow& window = args.window;
  const std::int32_t first = window.first_row * window.window_columns + window.first_column;
  const auto position = [&](auto r, auto c) TILEWISE_INLINE {
    f(r * args.in_row + c * args.in_column, first + r * window.window_columns + c);
  };
  if constexpr (Size > 0)
    unroll<Size>([&](auto r) TILEWISE_INLINE { unroll<Size>([&](auto c) TILEWISE_INLINE { position(r, c); }); });
  else
    for (std::int32_t r = 0; r < window.rows; ++r)
      for (std::int32_t c = 0; c < window.columns; ++c) position(r, c);
}

/// Whether a window has the size that most have, 2x2. Those kernels also ask for the next row of windows, in time to
/// have it in the first-level cache.
inline bool is_2x2(const PoolWindow& window) {
  return window.rows == 2 && window.columns == 2;
}

template <class Arch>
[[gnu::always_inline]] inline void store_index(void* index, std::int64_t at, IntVec<Arch> number, std::int64_t n,
                                               bool wide) {
  if (wide)
    store_first<Arch>(static_cast<float*>(index) + at, as_floats<Arch>(number), n);
  else
    store_bytes<Arch>(static_cast<std::uint8_t*>(index) + at, number, n);
}

template <class Arch>
[[gnu::always_inline]] inline IntVec<Arch> load_index(const void* index, std::int64_t at, std::int64_t n, bool wide) {
  if (wide) return as_integers<Arch>(load_first<Arch>(static_cast<const float*>(index) + at, n));
  return load_bytes<Arch>(static_cast<const std::uint8_t*>(index) + at, n);
}

template <class Arch, int Size>
void max_pool_windows(const MaxPoolArgs<float>& shared_args) {
  const MaxPoolArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  for (std::int64_t i = 0; i < args.count; ++i) {
    const float* in = args.in + i * args.in_step;
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      Vec<Arch> best = load_part<Arch>(in + k, width);
      Vec<Arch> best_number =
          as_floats<Arch>(IntVec<Arch>(args.window.first_row * args.window.window_columns + args.window.first_column));
      for_each_position<Size>(args, [&](std::int64_t offset, std::int32_t number) TILEWISE_INLINE {
        if constexpr (Size > 0) __builtin_prefetch(in + offset + k + Size * args.in_row);
        const Vec<Arch> candidate = load_part<Arch>(in + offset + k, width);
        const auto larger = is_larger<Arch>(candidate, best);
        best = xsimd::select(larger, candidate, best);
        best_number = xsimd::select(larger, as_floats<Arch>(IntVec<Arch>(number)), best_number);
      });
      if (args.activation == Activation::relu) {
        const auto dead = static_cast<std::int32_t>(args.wide_index ? dead_index_u32 : dead_index_u8);
        best_number = xsimd::select(best > Vec<Arch>(0.f), best_number, as_floats<Arch>(IntVec<Arch>(dead)));
        best = relu<Arch>(best);
      }
      float* out = args.out + i * args.out_step + k;
      if constexpr (Size > 0) __builtin_prefetch(out + args.count * args.out_step, 1);
      store_part<Arch>(out, best, width);
      if (args.index)
        store_index<Arch>(args.index, i * args.out_step + k, as_integers<Arch>(best_number), width, args.wide_index);
    });
  }
}

template <class Arch>
void max_pool(const MaxPoolArgs<float>& args) {
  if (is_2x2(args.window))
    max_pool_windows<Arch, 2>(args);
  else
    max_pool_windows<Arch, 0>(args);
}

template <class Arch, int Size>
void max_pool_backward_windows(const MaxPoolBackwardArgs<float>& shared_args) {
  const MaxPoolBackwardArgs<float> args = shared_args;
  for (std::int64_t i = 0; i < args.count; ++i) {
    float* in_gradient = args.in_gradient + i * args.in_step;
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      const float* from = args.out_gradient + i * args.out_step + k;
      if constexpr (Size > 0) __builtin_prefetch(from + args.count * args.out_step);
      const Vec<Arch> out_gradient = load_part<Arch>(from, width);
      const IntVec<Arch> index = load_index<Arch>(args.index, i * args.out_step + k, width, args.wide_index);
      for_each_position<Size>(args, [&](std::int64_t offset, std::int32_t number) TILEWISE_INLINE {
        float* to = in_gradient + offset + k;
        if constexpr (Size > 0) __builtin_prefetch(to + Size * args.in_row, 1);
        Vec<Arch> share = select_equal<Arch>(index, number, out_gradient);
        if (args.accumulate) share = load_part<Arch>(to, width) + share;
        store_part<Arch>(to, share, width);
      });
    });
  }
}

template <class Arch>
void max_pool_backward(const MaxPoolBackwardArgs<float>& args) {
  if (is_2x2(args.window))
    max_pool_backward_windows<Arch, 2>(args);
  else
    max_pool_backward_windows<Arch, 0>(args);
}

template <class Arch>
void average_pool(const AveragePoolArgs<float>& args) {
  const Vec<Arch> divisor(args.divisor);
  for (std::int64_t i = 0; i < args.count; ++i) {
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      Vec<Arch> sum(0.f), partial(0.f);
      std::int32_t added = 0;
      for (std::int32_t r = 0; r < args.rows; ++r) {
        for (std::int32_t c = 0; c < args.columns; ++c) {
          partial =
              partial + load_part<Arch>(args.in + i * args.in_step + r * args.in_row + c * args.in_column + k, width);
          if (++added < average_pool_chain) continue;
          sum = sum + partial;
          partial = Vec<Arch>(0.f);
          added = 0;
        }
      }
      store_part<Arch>(args.out + i * args.out_step + k, divide<Arch>(sum + partial, divisor), width);
    });
  }
}

template <class Arch>
void average_pool_backward(const AveragePoolBackwardArgs<float>& args) {
  const Vec<Arch> divisor(args.divisor);
  for (std::int64_t i = 0; i < args.count; ++i) {
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      const Vec<Arch> share = divide<Arch>(load_part<Arch>(args.out_gradient + i * args.out_step + k, width), divisor);
      for (std::int32_t r = 0; r < args.rows; ++r) {
        for (std::int32_t c = 0; c < args.columns; ++c) {
          float* to = args.in_gradient + i * args.in_step + r * args.in_row + c * args.in_column + k;
          store_part<Arch>(to, load_part<Arch>(to, width) + share, width);
        }
      }
    });
  }
}

}  // namespace
}  // namespace tilewise::kernels
