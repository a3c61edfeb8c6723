#pragma once

#include "kernels/conv_direct.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Backward-weights from a max-pooled gradient. The unpooled gradient would be zero at three of four places: instead,
// each channel picks the input that its maximum stood on, and one multiply-add does the work of four.
namespace tilewise::kernels {
namespace {

/// x where the integers, 0 to 255, are below `limit`, else zero.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> select_below(IntVec<Arch> index, std::int32_t limit, Vec<Arch> x) {
  return as_floats<Arch>(xsimd::select(index < IntVec<Arch>(limit), as_integers<Arch>(x), IntVec<Arch>(0)));
}

/// Which of four floats each lane picks: the number mod 4.
#if defined(__aarch64__)
template <class Arch>
struct QuadIndex {
  uint8x16_t bytes;
  QuadIndex() = default;
  explicit QuadIndex(IntVec<Arch> number)
      : bytes(vreinterpretq_u8_s32((number & IntVec<Arch>(3)) * IntVec<Arch>(0x04040404) + IntVec<Arch>(0x03020100))) {}
  Vec<Arch> pick(const float* quad) const {
    return vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(vld1q_f32(quad)), bytes));
  }
};
#else
template <class Arch>
struct QuadIndex {
  std::int64_t at[4];
  QuadIndex() = default;
  explicit QuadIndex(IntVec<Arch> number) {
    alignas(64) std::int32_t numbers[4];
    (number & IntVec<Arch>(3)).store_aligned(numbers);
    unroll<4>([&](auto n) TILEWISE_INLINE { at[n] = numbers[n]; });
  }
  Vec<Arch> pick(const float* quad) const {
    return Vec<Arch>(typename Vec<Arch>::register_type{quad[at[0]], quad[at[1]], quad[at[2]], quad[at[3]]});
  }
};
#endif

#if defined(__AVX2__)
template <class Arch>
requires is_avx2<Arch>
struct QuadIndex<Arch> {
  IntVec<Arch> number;
  Vec<Arch> pick(const float* quad) const {
    const __m128 four = _mm_loadu_ps(quad);
    return _mm256_permutevar_ps(_mm256_set_m128(four, four), number);
  }
};
#endif

/// `Columns` quads side by side.
template <class Arch, int Columns>
struct QuadRow {
  const float* quads;
  explicit QuadRow(const float* quads) : quads(quads) {}
  template <int C>
  Vec<Arch> pick(const QuadIndex<Arch>& index, Constant<C>) const {
    return index.pick(quads + 4 * C);
  }
};

#if defined(__AVX512F__)
template <class Arch>
requires is_avx512<Arch>
struct QuadIndex<Arch> {
  IntVec<Arch> number;
  QuadIndex() = default;
  explicit QuadIndex(IntVec<Arch> number) : number(number & IntVec<Arch>(3)) {}
};

/// In one register: a quad broadcast takes the place of a permutation.
template <class Arch, int Columns>
requires is_avx512<Arch>
struct QuadRow<Arch, Columns> {
  static_assert(Columns <= 4);
  Vec<Arch> quads;
  explicit QuadRow(const float* first) : quads(_mm512_maskz_loadu_ps((1u << 4 * Columns) - 1, first)) {}
  template <int C>
  Vec<Arch> pick(const QuadIndex<Arch>& index, Constant<C>) const {
    return _mm512_permutexvar_ps(index.number + IntVec<Arch>(4 * C), quads);
  }
};
#endif

template <class Arch>
void pool_quads(const PoolQuadsArgs<float>& args) {
  constexpr int width = lanes<Arch>;
  const float* const above = args.in;
  const float* const below = args.in + args.in_row;
  std::int64_t i = 0;
  for (; i + width <= args.count; i += width) {
    const Vec<Arch> a = load<Arch>(above + i), b = load<Arch>(above + i + args.in_column);
    const Vec<Arch> c = load<Arch>(below + i), d = load<Arch>(below + i + args.in_column);
    const Vec<Arch> ac[] = {zip_low<Arch>(a, c), zip_high<Arch>(a, c)};
    const Vec<Arch> bd[] = {zip_low<Arch>(b, d), zip_high<Arch>(b, d)};
    float* out = args.out + 4 * i;
    unroll<2>([&](auto half) TILEWISE_INLINE {
      store<Arch>(out + 2 * half * width, zip_low<Arch>(ac[half], bd[half]));
      store<Arch>(out + (2 * half + 1) * width, zip_high<Arch>(ac[half], bd[half]));
    });
  }
  for (; i < args.count; ++i) {
    args.out[4 * i] = above[i];
    args.out[4 * i + 1] = above[i + args.in_column];
    args.out[4 * i + 2] = below[i];
    args.out[4 * i + 3] = below[i + args.in_column];
  }
}

/// One tile of taps for vectors of channels, of which the last has `last_width`: `args` is moved on to the first tap
/// and channel. The bias gradient is summed along, and kept if it is wanted.
template <class Arch, int Rows, int Columns, int Vectors, int BlockVectors, class LastWidth>
void pooled_weights_taps(const PooledWeightsTileArgs<float>& shared_args, LastWidth last_width) {
  constexpr int width = lanes<Arch>, block = channel_block<Arch, BlockVectors>;
  const PooledWeightsTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  const auto width_of = [&](auto v) TILEWISE_INLINE {
    if constexpr (v.value < Vectors - 1)
      return Constant<width>{};
    else
      return last_width;
  };
  const auto row_of = [&](auto r, auto c, auto v) TILEWISE_INLINE {
    return args.weights_gradient + (r * args.tap_columns + c) * block + v * width;
  };
  Vec<Arch> sum[Rows + 1][Columns + 1][Vectors], bias[Vectors];  // one row and column more, for there may be none
  unroll<Vectors>([&](auto v) TILEWISE_INLINE {
    unroll<Rows>([&](auto r) TILEWISE_INLINE {
      unroll<Columns>([&](auto c) TILEWISE_INLINE { sum[r][c][v] = load_part<Arch>(row_of(r, c, v), width_of(v)); });
    });
    bias[v] = args.bias_gradient ? load_part<Arch>(args.bias_gradient + v * width, width_of(v)) : Vec<Arch>(0.f);
  });
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const float* quads = args.quads + i * args.quads_row;
    const float* out_gradient = args.out_gradient + i * args.out_row;
    const std::uint8_t* index = args.index + i * args.out_row;
    for (std::int64_t j = 0; j < args.columns; ++j) {
      Vec<Arch> g[Vectors];
      QuadIndex<Arch> position[Vectors];
      unroll<Vectors>([&](auto v) TILEWISE_INLINE {
        const IntVec<Arch> number = load_bytes<Arch>(index + v * width, width_of(v));
        g[v] = select_below<Arch>(number, 4, load_part<Arch>(out_gradient + v * width, width_of(v)));
        bias[v] = bias[v] + g[v];
        position[v] = QuadIndex<Arch>{number};
      });
      unroll<Rows>([&](auto r) TILEWISE_INLINE {
        const QuadRow<Arch, Columns> row(quads + r * args.tap_row);
        unroll<Columns>([&](auto c) TILEWISE_INLINE {
          unroll<Vectors>(
              [&](auto v) TILEWISE_INLINE { sum[r][c][v] = fma<Arch>(row.pick(position[v], c), g[v], sum[r][c][v]); });
        });
      });
      quads += args.quads_column;
      out_gradient += args.out_column;
      index += args.out_column;
    }
  }
  unroll<Vectors>([&](auto v) TILEWISE_INLINE {
    unroll<Rows>([&](auto r) TILEWISE_INLINE {
      unroll<Columns>([&](auto c) TILEWISE_INLINE { store_part<Arch>(row_of(r, c, v), sum[r][c][v], width_of(v)); });
    });
    if (args.bias_gradient) store_part<Arch>(args.bias_gradient + v * width, bias[v], width_of(v));
  });
}

/// All channels of the block.
template <class Arch, int Rows, int Columns, int MaxVectors, int BlockVectors>
void pooled_weights_channels(PooledWeightsTileArgs<float> args) {
  constexpr int width = lanes<Arch>, step = MaxVectors * width;
  for (; args.out_channels > 0; args.out_channels -= step) {
    unroll<MaxVectors>([&](auto v) TILEWISE_INLINE {
      constexpr int vectors = v.value + 1;
      const bool is_last = v == MaxVectors - 1;
      if (args.out_channels == vectors * width || (is_last && args.out_channels > step))
        pooled_weights_taps<Arch, Rows, Columns, vectors, BlockVectors>(args, Constant<width>{});
      else if (args.out_channels > v * width && args.out_channels < vectors * width)
        pooled_weights_taps<Arch, Rows, Columns, vectors, BlockVectors>(args, args.out_channels - v * width);
    });
    args.out_gradient += step;
    args.index += step;
    args.weights_gradient += step;
    if (args.bias_gradient) args.bias_gradient += step;
  }
}

/// Tiles of 3x3 taps, of 3x1, 1x3 and 1x1 at the rims.
template <class Arch, int MaxVectors, int BlockVectors>
void pooled_weights_tile(const PooledWeightsTileArgs<float>& args) {
  using Kernel = void (*)(PooledWeightsTileArgs<float>);
  static constexpr Kernel by_size[2][2] = {{&pooled_weights_channels<Arch, 1, 1, MaxVectors, BlockVectors>,
                                            &pooled_weights_channels<Arch, 1, 3, MaxVectors, BlockVectors>},
                                           {&pooled_weights_channels<Arch, 3, 1, MaxVectors, BlockVectors>,
                                            &pooled_weights_channels<Arch, 3, 3, MaxVectors, BlockVectors>}};
  if (args.tap_rows * args.tap_columns == 0) return pooled_weights_channels<Arch, 0, 0, MaxVectors, BlockVectors>(args);
  PooledWeightsTileArgs<float> tile = args;
  for (std::int32_t row = 0; row < args.tap_rows;) {
    const bool rows = args.tap_rows - row >= 3;
    for (std::int32_t column = 0; column < args.tap_columns;) {
      const bool columns = args.tap_columns - column >= 3;
      tile.quads = args.quads + row * args.tap_row + 4 * column;
      tile.weights_gradient =
          args.weights_gradient + (row * args.tap_columns + column) * channel_block<Arch, BlockVectors>;
      by_size[rows][columns](tile);
      tile.bias_gradient = nullptr;
      column += columns ? 3 : 1;
    }
    row += rows ? 3 : 1;
  }
}

}  // namespace
}  // namespace tilewise::kernels
