#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// The small matrix products of the slices: tiles of sums in registers, as in conv_direct.hpp, but with wider rows and
// fewer of them, for a slice has few tiles.
namespace tilewise::kernels {
namespace {

/// Floats.
constexpr std::int64_t cache_line = 16;

constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) {
  return a < b ? a : b;
}

/// How far it is to a product's next row and next step of its sums, for all tiles of a slice.
struct SliceSteps {
  std::int64_t in_row, in_step, columns_step, out_row, depth;
  std::int64_t next_step = 0;  ///< of what is asked for ahead
};

/// One register tile: out[r][v] = sum over k of in[r*in_row + k*in_step] * columns[k*columns_step + v], each v a
/// vector; with From, added to from[], which lies as out does. Pointers come as arguments, for what was just stored
/// into a struct is slow to load from it. Each step of k asks for more from `next` on: the columns of the next slice,
/// which are far away.
template <class Arch, int Rows, int Vectors, bool From>
void slice_tile(const SliceSteps& steps, const float* in, const float* columns, const float* from, float* out,
                const float* next) {
  const std::int64_t in_row = steps.in_row, in_step = steps.in_step, columns_step = steps.columns_step,
                     out_row = steps.out_row, next_step = steps.next_step;
  Vec<Arch> sum[Rows][Vectors];
  unroll<Rows>([&](auto r) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      sum[r][v] = From ? load<Arch>(from + r * out_row + v * lanes<Arch>) : Vec<Arch>(0.f);
    });
  });
  // A pointer serves a few rows: one each, or the steps to them all, would not fit the registers.
  constexpr int shared = 4, pointers = (Rows + shared - 1) / shared;
  const float* of_rows[pointers];
  unroll<pointers>([&](auto i) TILEWISE_INLINE { of_rows[i] = in + i * shared * in_row; });
  for (std::int64_t k = steps.depth; k > 0; --k) {
    __builtin_prefetch(next);
    Vec<Arch> b[Vectors];
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { b[v] = load<Arch>(columns + v * lanes<Arch>); });
    unroll<Rows>([&](auto r) TILEWISE_INLINE {
      const Vec<Arch> a(of_rows[r / shared][r % shared * in_row]);
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[r][v] = fma<Arch>(a, b[v], sum[r][v]); });
    });
    unroll<pointers>([&](auto i) TILEWISE_INLINE { of_rows[i] += in_step; });
    columns += columns_step;
    next += next_step;
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
  std::int64_t real_slices, complex_numbers, rows, channels;
};

/// The register tiles of a slice, in groups of `Vectors` vectors of channels: even ones, the higher ones first.
template <class Arch, int Vectors, class Rows>
class SliceTiles;
template <class Arch, int Vectors, int... R>
class SliceTiles<Arch, Vectors, std::integer_sequence<int, R...>> {
  using Tile = void (*)(const SliceSteps&, const float*, const float*, const float*, float*, const float*);
  static constexpr Tile from_zero[] = {&slice_tile<Arch, R + 1, Vectors, false>...};
  static constexpr Tile from_sums[] = {&slice_tile<Arch, R + 1, Vectors, true>...};
  static constexpr std::int64_t most = sizeof...(R), width = Vectors * lanes<Arch>;

 public:
  SliceTiles(const SliceLoop& loop, const SliceSteps& steps)
      : loop_(loop),
        steps_(steps),
        tiles_((loop.rows + most - 1) / most),
        low_(loop.rows / tiles_),
        high_tiles_(loop.rows % tiles_) {
    // Together, all tiles ask for the next slice once.
    steps_.next_step = smaller(cache_line, (width + tiles_ - 1) / tiles_);
  }

  /// Slice `slice` of `in` and columns to `out`, added to `from` unless that is null.
  void run(std::int64_t slice, const float* from, float* out) const {
    const Tile* const by_rows = from ? from_sums : from_zero;
    if (!from) from = out;  // not read
    for (std::int64_t column = 0; column < loop_.channels; column += width) {
      const float* in = loop_.in + slice * loop_.in_slice;
      const float* const columns = loop_.columns + slice * loop_.columns_slice + column;
      const float* next = columns - column + loop_.columns_slice + column * steps_.depth;
      std::int64_t place = column;
      for (std::int64_t tile = 0; tile < tiles_; ++tile) {
        const std::int64_t rows = tile < high_tiles_ ? low_ + 1 : low_;
        by_rows[rows - 1](steps_, in, columns, from + place, out + place, next);
        in += rows * steps_.in_row;
        place += rows * steps_.out_row;
        next += steps_.depth * steps_.next_step;
      }
    }
  }

 private:
  const SliceLoop& loop_;
  SliceSteps steps_;
  std::int64_t tiles_, low_, high_tiles_;
};

/// What is real, then the complex numbers, whose first product waits in the place of their last.
template <class Tiles>
void run_slices(const SliceLoop& loop, const Tiles& tiles) {
  float* out = loop.out;
  std::int64_t slice = 0;
  for (; slice < loop.real_slices; ++slice, out += loop.out_slice) tiles.run(slice, nullptr, out);
  for (std::int64_t number = 0; number < loop.complex_numbers; ++number, slice += 3, out += 2 * loop.out_slice) {
    float* const last = out + loop.out_slice;
    tiles.run(slice, nullptr, last);
    tiles.run(slice + 1, last, out);
    tiles.run(slice + 2, last, last);
  }
}

/// Register tiles of `MaxRows` rows, `Vectors` vectors wide.
template <class Arch, int Vectors, int MaxRows>
void run_tiles_of(const SliceLoop& loop, const SliceSteps& steps) {
  run_slices(loop, SliceTiles<Arch, Vectors, std::make_integer_sequence<int, MaxRows>>(loop, steps));
}

/// Register tiles of at most Sums vectors of sums, MaxVectors wide, or, where that is transform_block, as wide as a
/// block; narrow ones, if they are asked for, no wider than transform_channels.
template <class Arch, int Sums, int MaxVectors>
void slice_loop(const SliceLoop& loop, const SliceSteps& steps, bool narrow) {
  constexpr int most_rows = 12, narrow_rows = 8, narrow_vectors = transform_channels / lanes<Arch>;
  constexpr std::int64_t widest = MaxVectors * lanes<Arch>;
  static_assert(widest == transform_channels || widest == transform_block);
  if (loop.rows == 0) return;
  if (narrow) return run_tiles_of<Arch, narrow_vectors, smaller(narrow_rows, Sums / narrow_vectors)>(loop, steps);
  const std::int64_t width = widest == transform_channels ? widest : loop.channels;
  unroll<MaxVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if constexpr ((vectors * lanes<Arch>) % transform_channels == 0)
      if (width == vectors * lanes<Arch>) run_tiles_of<Arch, vectors, smaller(most_rows, Sums / vectors)>(loop, steps);
  });
}

template <class Arch, int Sums, int MaxVectors>
void slice_product(const SliceProductArgs<float>& args) {
  slice_loop<Arch, Sums, MaxVectors>(
      {args.in, args.weights, args.out, args.in_slice, args.weights_slice, args.out_slice, args.real_slices,
       args.complex_numbers, args.count, args.channels},
      {args.in_step, 1, args.weights_step, args.out_step, args.depth}, args.narrow_tiles);
}

template <class Arch, int Sums, int MaxVectors>
void slice_gradient(const SliceGradientArgs<float>& args) {
  slice_loop<Arch, Sums, MaxVectors>({args.in, args.gradient, args.out, args.in_slice, args.gradient_slice,
                                      args.out_slice, args.slices, 0, args.rows, args.channels},
                                     {1, args.in_step, args.gradient_step, args.out_step, args.count},
                                     args.narrow_tiles);
}

}  // namespace
}  // namespace tilewise::kernels
