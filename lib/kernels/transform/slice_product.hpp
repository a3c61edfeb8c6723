#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// The small matrix products of the slices: tiles of sums in registers, as in conv_direct.hpp, but with wider rows and
// fewer of them, for a slice has few tiles.
namespace tilewise::kernels {
namespace {

/// Floats.
constexpr std::int64_t cache_line = 16;

/// How far it is to a product's next row and next step of its sums, for all tiles of a slice.
struct SliceSteps {
  std::int64_t in_row, in_step, columns_step, out_row, depth;
};

/// One register tile: out[r][v] = sum over k of in[r*in_row + k*in_step] * columns[k*columns_step + v], each v a
/// vector. Pointers come as arguments, for what was just stored into a struct is slow to load from it. Each step of k
/// asks for one more cache line from `next` on: the columns of the next slice, which are far away.
template <class Arch, int Rows, int Vectors>
void slice_tile(const SliceSteps& steps, const float* in, const float* columns, float* out, const float* next) {
  const std::int64_t in_row = steps.in_row, in_step = steps.in_step, columns_step = steps.columns_step,
                     out_row = steps.out_row;
  Vec<Arch> sum[Rows][Vectors];
  unroll<Rows>([&](auto r)
                   TILEWISE_INLINE { unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[r][v] = Vec<Arch>(0.f); }); });
  for (std::int64_t k = steps.depth; k > 0; --k) {
    __builtin_prefetch(next);
    Vec<Arch> b[Vectors];
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { b[v] = load<Arch>(columns + v * lanes<Arch>); });
    unroll<Rows>([&](auto r) TILEWISE_INLINE {
      const Vec<Arch> a(in[r * in_row]);
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[r][v] = fma<Arch>(a, b[v], sum[r][v]); });
    });
    in += in_step;
    columns += columns_step;
    next += cache_line;
  }
  unroll<Rows>([&](auto r) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { store<Arch>(out + r * out_row + v * lanes<Arch>, sum[r][v]); });
  });
}

/// The slices of a product of either kind: where each begins, and how far it is to the next.
struct SliceLoop {
  const float *in, *columns;
  float* out;
  std::int64_t in_slice, columns_slice, out_slice;
  std::int64_t slices, rows, channels;
};

/// All tiles of all slices, in groups of `Vectors` vectors of channels.
template <class Arch, int Vectors, int... R>
void slice_tiles(const SliceLoop& loop, const SliceSteps& steps, std::integer_sequence<int, R...>) {
  using Tile = void (*)(const SliceSteps&, const float*, const float*, float*, const float*);
  static constexpr Tile by_rows[] = {&slice_tile<Arch, R + 1, Vectors>...};
  constexpr std::int64_t most = sizeof...(R), width = Vectors * lanes<Arch>;
  if (loop.rows == 0) return;
  // Even tiles, the higher ones first.
  const std::int64_t tiles = (loop.rows + most - 1) / most, low = loop.rows / tiles, high_tiles = loop.rows % tiles;
  const Tile low_tile = by_rows[low - 1], high_tile = by_rows[high_tiles > 0 ? low : low - 1];
  for (std::int64_t s = 0; s < loop.slices; ++s)
    for (std::int64_t group = 0; group < loop.channels / width; ++group) {
      const float* in = loop.in + s * loop.in_slice;
      const float* const columns = loop.columns + s * loop.columns_slice + group * width;
      float* out = loop.out + s * loop.out_slice + group * width;
      const float* next = columns + loop.columns_slice;
      const auto run = [&](Tile tile, std::int64_t rows, std::int64_t count) TILEWISE_INLINE {
        for (; count > 0; --count) {
          tile(steps, in, columns, out, next);
          in += rows * steps.in_row;
          out += rows * steps.out_row;
          next += steps.depth * cache_line;
        }
      };
      run(high_tile, low + 1, high_tiles);
      run(low_tile, low, tiles - high_tiles);
    }
}

/// Register tiles of at most Sums vectors of sums, MaxVectors wide, or, where that is transform_block, as wide as a
/// block.
template <class Arch, int Sums, int MaxVectors>
void slice_loop(const SliceLoop& loop, const SliceSteps& steps) {
  constexpr int most_rows = 12;
  constexpr std::int64_t widest = MaxVectors * lanes<Arch>;
  static_assert(widest == transform_channels || widest == transform_block);
  const std::int64_t width = widest == transform_channels ? widest : loop.channels;
  unroll<MaxVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    constexpr int max_rows = Sums / vectors < most_rows ? Sums / vectors : most_rows;
    if constexpr ((vectors * lanes<Arch>) % transform_channels == 0)
      if (width == vectors * lanes<Arch>)
        slice_tiles<Arch, vectors>(loop, steps, std::make_integer_sequence<int, max_rows>{});
  });
}

template <class Arch, int Sums, int MaxVectors>
void slice_product(const SliceProductArgs<float>& args) {
  slice_loop<Arch, Sums, MaxVectors>({args.in, args.weights, args.out, args.in_slice, args.weights_slice,
                                      args.out_slice, args.slices, args.count, args.channels},
                                     {args.in_step, 1, args.weights_step, args.out_step, args.depth});
}

template <class Arch, int Sums, int MaxVectors>
void slice_gradient(const SliceGradientArgs<float>& args) {
  slice_loop<Arch, Sums, MaxVectors>({args.in, args.gradient, args.out, args.in_slice, args.gradient_slice,
                                      args.out_slice, args.slices, args.rows, args.channels},
                                     {1, args.in_step, args.gradient_step, args.out_step, args.count});
}

}  // namespace
}  // namespace tilewise::kernels
