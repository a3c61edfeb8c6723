#pragma once

#include "kernels/elementwise.hpp"
#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Pooling of one row of windows, vectorised over channels.
namespace tilewise::kernels {
namespace {

/// f(offset of the position in the input, its number) over a window, in row order.
template <class Args, class F>
[[gnu::always_inline]] inline void for_each_position(const Args& args, const F& f) {
  const PoolWindow& window = args.window;
  for (std::int32_t r = 0; r < window.rows; ++r)
    for (std::int32_t c = 0; c < window.columns; ++c)
      f(r * args.in_row + c * args.in_column, (window.first_row + r) * window.window_columns + window.first_column + c);
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

template <class Arch>
void max_pool(const MaxPoolArgs<float>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const float* in = args.in + i * args.in_step;
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      Vec<Arch> best(-__builtin_inff());  // loses to all but itself
      Vec<Arch> best_number =
          as_floats<Arch>(IntVec<Arch>(args.window.first_row * args.window.window_columns + args.window.first_column));
      for_each_position(args, [&](std::int64_t offset, std::int32_t number) TILEWISE_INLINE {
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
      store_part<Arch>(args.out + i * args.out_step + k, best, width);
      if (args.index)
        store_index<Arch>(args.index, i * args.out_step + k, as_integers<Arch>(best_number), width, args.wide_index);
    });
  }
}

template <class Arch>
void max_pool_backward(const MaxPoolBackwardArgs<float>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    float* in_gradient = args.in_gradient + i * args.in_step;
    for_each_vector<Arch>(args.channels, [&](std::int64_t k, auto width) TILEWISE_INLINE {
      const Vec<Arch> out_gradient = load_part<Arch>(args.out_gradient + i * args.out_step + k, width);
      const IntVec<Arch> index = load_index<Arch>(args.index, i * args.out_step + k, width, args.wide_index);
      for_each_position(args, [&](std::int64_t offset, std::int32_t number) TILEWISE_INLINE {
        float* to = in_gradient + offset + k;
        Vec<Arch> share = select_equal<Arch>(index, number, out_gradient);
        if (args.accumulate) share = load_part<Arch>(to, width) + share;
        store_part<Arch>(to, share, width);
      });
    });
  }
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
