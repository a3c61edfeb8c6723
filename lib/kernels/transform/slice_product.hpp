#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// The small matrix products of the slices: tiles of sums in registers, as in conv_direct.hpp, but with wider rows and
// fewer of them, for a slice has few tiles.
namespace tilewise::kernels {
namespace {

/// One register tile: sum[r][v] of Rows rows and Vectors vectors, over `depth` steps. Row r of step k reads
/// in[r*in_row + k*in_step].
template <class Arch, int Rows, int Vectors>
[[gnu::always_inline]] inline void add_slice_products(Vec<Arch> (&sum)[Rows][Vectors], const float* in,
                                                      std::int64_t in_row, std::int64_t in_step, const float* columns,
                                                      std::int64_t columns_step, std::int64_t depth) {
  for (std::int64_t k = 0; k < depth; ++k) {
    Vec<Arch> b[Vectors];
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { b[v] = load<Arch>(columns + v * lanes<Arch>); });
    unroll<Rows>([&](auto r) TILEWISE_INLINE {
      const Vec<Arch> a(in[r * in_row]);
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[r][v] = fma<Arch>(a, b[v], sum[r][v]); });
    });
    in += in_step;
    columns += columns_step;
  }
}

/// One slice's rows of a product, of either kind. How far it is to the next row and step is what sets the kinds apart.
struct SliceRows {
  const float* in;
  const float* columns;
  float* out;
  std::int64_t in_row, in_step, columns_step, out_row, depth;
  bool accumulate;
};

template <class Arch, int Rows, int Vectors>
void slice_rows(const SliceRows& shared_args) {
  const SliceRows args = shared_args;  // a copy of our own, which no store below can change
  Vec<Arch> sum[Rows][Vectors];
  unroll<Rows>([&](auto r) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      sum[r][v] = args.accumulate ? load<Arch>(args.out + r * args.out_row + v * lanes<Arch>) : Vec<Arch>(0.f);
    });
  });
  if (args.in_row == 1)
    add_slice_products<Arch>(sum, args.in, 1, args.in_step, args.columns, args.columns_step, args.depth);
  else
    add_slice_products<Arch>(sum, args.in, args.in_row, 1, args.columns, args.columns_step, args.depth);
  unroll<Rows>([&](auto r) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v)
                        TILEWISE_INLINE { store<Arch>(args.out + r * args.out_row + v * lanes<Arch>, sum[r][v]); });
  });
}

template <class Arch, int Vectors, int... R>
void slice_rows_of_vectors(SliceRows args, std::int64_t rows, std::integer_sequence<int, R...>) {
  static constexpr void (*by_rows[])(const SliceRows&) = {&slice_rows<Arch, R + 1, Vectors>...};
  constexpr std::int64_t most = sizeof...(R);
  for (std::int64_t tiles = (rows + most - 1) / most; tiles > 0; --tiles) {
    const std::int64_t count = (rows + tiles - 1) / tiles;
    by_rows[count - 1](args);
    args.in += count * args.in_row;
    args.out += count * args.out_row;
    rows -= count;
  }
}

/// The register tiles of one slice: at most Sums vectors of sums, at most MaxVectors wide.
template <class Arch, int Sums, int MaxVectors>
void slice_tiles(SliceRows args, std::int64_t rows, std::int64_t channels) {
  constexpr int most_rows = 12;
  while (channels > 0) {
    const std::int64_t vectors = channels / lanes<Arch> < MaxVectors ? channels / lanes<Arch> : MaxVectors;
    unroll<MaxVectors>([&](auto v) TILEWISE_INLINE {
      constexpr int width = v.value + 1;
      constexpr int max_rows = Sums / width < most_rows ? Sums / width : most_rows;
      if constexpr (transform_channels % lanes<Arch> == 0 && (width * lanes<Arch>) % transform_channels == 0)
        if (vectors == width)
          slice_rows_of_vectors<Arch, width>(args, rows, std::make_integer_sequence<int, max_rows>{});
    });
    args.columns += vectors * lanes<Arch>;
    args.out += vectors * lanes<Arch>;
    channels -= vectors * lanes<Arch>;
  }
}

template <class Arch, int Sums, int MaxVectors>
void slice_product(const SliceProductArgs<float>& args) {
  for (std::int64_t s = 0; s < args.slices; ++s)
    slice_tiles<Arch, Sums, MaxVectors>(
        {args.in + s * args.in_slice, args.weights + s * args.weights_slice, args.out + s * args.out_slice,
         args.in_step, 1, args.weights_step, args.out_step, args.depth, false},
        args.count, args.channels);
}

template <class Arch, int Sums, int MaxVectors>
void slice_gradient(const SliceGradientArgs<float>& args) {
  for (std::int64_t s = 0; s < args.slices; ++s)
    slice_tiles<Arch, Sums, MaxVectors>(
        {args.in + s * args.in_slice, args.gradient + s * args.gradient_slice, args.out + s * args.out_slice, 1,
         args.in_step, args.gradient_step, args.out_step, args.count, args.accumulate},
        args.rows, args.channels);
}

}  // namespace
}  // namespace tilewise::kernels
