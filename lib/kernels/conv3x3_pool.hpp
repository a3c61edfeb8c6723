#pragma once

#include "kernels/conv_direct.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// A 3x3 convolution of one input channel and its 2x2 max-pool: the vectors of weights and the four sums of a place stay
// in registers, and the map that is pooled is never written.
namespace tilewise::kernels {
namespace {

/// Whether all are so small that no sum of nine products and one of them can be infinite or NaN.
template <class Arch>
bool are_small(const float* values, std::int64_t count) {
  auto small = Vec<Arch>(0.f) == Vec<Arch>(0.f);
  for_each_vector<Arch>(count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    small = small & (xsimd::abs(load_part<Arch>(values + i, width)) < Vec<Arch>(0x1p50f));  // false for NaN
  });
  return xsimd::all(small);
}

template <class Arch, int BlockVectors>
bool has_small_numbers(const Conv3x3PoolTileArgs<float>& args) {
  bool small = !args.bias || are_small<Arch>(args.bias, args.out_channels);
  for (std::int64_t tap = 0; tap < 9; ++tap)
    small &= are_small<Arch>(args.weights + tap * channel_block<Arch, BlockVectors>, args.out_channels);
  const std::int64_t rows = (args.rows - 1) * args.row_step + 4, columns = (args.columns - 1) * args.column_step + 4;
  for (std::int64_t row = 0; row < rows; ++row) small &= are_small<Arch>(args.in + row * args.in_row, columns);
  return small;
}

/// Where `candidate` is larger, and the larger one. Without NaN (IsFast) there are instructions for it.
template <class Arch, bool IsFast>
struct Larger {
  xsimd::batch_bool<float, Arch> is;
  Vec<Arch> value;

  [[gnu::always_inline]] Larger(Vec<Arch> candidate, Vec<Arch> best) {
    if constexpr (IsFast) {
      is = candidate > best;
      value = xsimd::max(candidate, best);
    } else {
      is = is_larger<Arch>(candidate, best);
      value = xsimd::select(is, candidate, best);
    }
  }
};

/// `yes` where the mask is set, else `no`.
template <class Arch>
struct Positions {
  IntVec<Arch> numbers;
  explicit Positions(int position) : numbers(position) {}
  // Not select, which on AVX2 is one instruction that takes as long as these three.
  Positions(xsimd::batch_bool<float, Arch> mask, Positions yes, Positions no) {
    const IntVec<Arch> bits = __builtin_bit_cast(IntVec<Arch>, mask);
    numbers = no.numbers ^ (bits & (yes.numbers ^ no.numbers));
  }
  template <class Width>
  void store(std::uint8_t* to, Width width) const {
    store_bytes<Arch>(to, numbers, width);
  }
};

#if defined(__AVX512F__)
/// In bytes at once, which saves narrowing them.
template <class Arch>
requires is_avx512<Arch>
struct Positions<Arch> {
  __m128i bytes;
  explicit Positions(int position) : bytes(_mm_set1_epi8(static_cast<char>(position))) {}
  Positions(xsimd::batch_bool<float, Arch> mask, Positions yes, Positions no)
      : bytes(_mm_mask_mov_epi8(no.bytes, mask, yes.bytes)) {}
  template <class Width>
  void store(std::uint8_t* to, Width width) const {
    _mm_mask_storeu_epi8(to, static_cast<__mmask16>((1u << width) - 1), bytes);
  }
};
#endif

/// Writes a vector of one place. IsFast: of numbers that are no NaN, with ReLU.
template <class Arch, bool IsFast, class Width>
[[gnu::always_inline]] inline void store_largest(const Vec<Arch> (&sum)[4], Activation activation, float* out,
                                                 std::uint8_t* index, Width width) {
  const Larger<Arch, IsFast> upper(sum[1], sum[0]), lower(sum[3], sum[2]), best(lower.value, upper.value);
  const Vec<Arch> zero(0.f);
  const bool is_relu = IsFast || activation == Activation::relu;
  if constexpr (IsFast)
    store_part<Arch>(out, xsimd::max(best.value, zero), width);
  else
    store_part<Arch>(out, is_relu ? relu<Arch>(best.value) : best.value, width);
  if (!index) return;
  using At = Positions<Arch>;
  At at(best.is, At(lower.is, At(3), At(2)), At(upper.is, At(1), At(0)));
  if (is_relu) at = At(best.value > zero, at, At(dead_index_u8));
  at.store(index, width);
}

/// The sums of a place's four positions, and what stays in registers for them.
template <class Arch, int BlockVectors>
struct DirectSums {
  Vec<Arch> weights[9], start;

  [[gnu::always_inline]] DirectSums(const Conv3x3PoolTileArgs<float>& args, std::int64_t first) {
    unroll<9>([&](auto tap) TILEWISE_INLINE {
      weights[tap] = load<Arch>(args.weights + tap * channel_block<Arch, BlockVectors> + first);
    });
    start = args.bias ? load<Arch>(args.bias + first) : Vec<Arch>(0.f);
  }
  [[gnu::always_inline]] void add(const float* const (&in)[4], Vec<Arch> (&sum)[4]) const {
    unroll<4>([&](auto p) TILEWISE_INLINE { sum[p] = start; });
    unroll<4>([&](auto row) TILEWISE_INLINE {
      unroll<4>([&](auto column) TILEWISE_INLINE {
        const Vec<Arch> x(in[row][column]);
        unroll<4>([&](auto p) TILEWISE_INLINE {
          constexpr int r = row.value - p.value / 2, c = column.value - p.value % 2;
          if constexpr (r >= 0 && r < 3 && c >= 0 && c < 3) sum[p] = fma<Arch>(x, weights[3 * r + c], sum[p]);
        });
      });
    });
  }
};

/// One axis of the weights of F(2, 3).
template <class Arch>
[[gnu::always_inline]] inline void winograd_weights(Vec<Arch> first, Vec<Arch> middle, Vec<Arch> last,
                                                    Vec<Arch> (&u)[4]) {
  const Vec<Arch> half(.5f), outer = first + last;
  u[0] = first;
  u[1] = last;
  u[2] = half * (outer + middle);
  u[3] = half * (outer - middle);
}

/// The same by F(2x2, 3x3): 16 multiply-adds and as many additions in place of 36 multiply-adds.
template <class Arch, int BlockVectors>
struct WinogradSums {
  Vec<Arch> weights[4][4], start;

  [[gnu::always_inline]] WinogradSums(const Conv3x3PoolTileArgs<float>& args, std::int64_t first) {
    Vec<Arch> of_rows[3][4];
    unroll<3>([&](auto r) TILEWISE_INLINE {
      const float* const w = args.weights + 3 * r * channel_block<Arch, BlockVectors> + first;
      winograd_weights<Arch>(load<Arch>(w), load<Arch>(w + channel_block<Arch, BlockVectors>),
                             load<Arch>(w + 2 * channel_block<Arch, BlockVectors>), of_rows[r]);
    });
    unroll<4>([&](auto n) TILEWISE_INLINE {
      Vec<Arch> u[4];
      winograd_weights<Arch>(of_rows[0][n], of_rows[1][n], of_rows[2][n], u);
      unroll<4>([&](auto m) TILEWISE_INLINE { weights[m][n] = u[m]; });
    });
    start = args.bias ? load<Arch>(args.bias + first) : Vec<Arch>(0.f);
  }
  [[gnu::always_inline]] void add(const float* const (&in)[4], Vec<Arch> (&sum)[4]) const {
    Vec<Arch> t[2][4];
    unroll<4>([&](auto n) TILEWISE_INLINE {
      const auto x = [&](auto m) TILEWISE_INLINE { return Vec<Arch>(in[m][n]); };
      Vec<Arch> plus = x(Constant<2>{});
      if constexpr (n.value == 2)
        plus = fma<Arch>(plus, weights[2][n], start);
      else
        plus = plus * weights[2][n];
      const Vec<Arch> minus = x(Constant<3>{}) * weights[3][n];
      t[0][n] = fma<Arch>(x(Constant<0>{}), weights[0][n], plus + minus);
      t[1][n] = fnma<Arch>(x(Constant<1>{}), weights[1][n], plus - minus);
    });
    unroll<2>([&](auto y) TILEWISE_INLINE {
      sum[2 * y] = (t[y][2] + t[y][3]) + t[y][0];
      sum[2 * y + 1] = (t[y][2] - t[y][3]) - t[y][1];
    });
  }
};

template <class Arch, template <class, int> class Sums, int BlockVectors, bool IsFast, class Width>
void conv3x3_pool_vector(const Conv3x3PoolTileArgs<float>& shared_args, std::int64_t first, Width width) {
  const Conv3x3PoolTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  const Sums<Arch, BlockVectors> sums(args, first);
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const float* in[4];  // a pointer for each row: of offsets GCC keeps a dozen
    unroll<4>([&](auto row) TILEWISE_INLINE { in[row] = args.in + (i * args.row_step + row) * args.in_row; });
    const std::int64_t place = i * args.out_row + first;
    float* out = args.out + place;
    std::uint8_t* index = args.index ? args.index + place : nullptr;
    for (std::int64_t j = 0; j < args.columns; ++j) {
      Vec<Arch> sum[4];
      sums.add(in, sum);
      store_largest<Arch, IsFast>(sum, args.activation, out, index, width);
      unroll<4>([&](auto row) TILEWISE_INLINE { in[row] += args.column_step; });
      out += args.out_column;
      if (index) index += args.out_column;
    }
  }
}

template <class Arch, template <class, int> class Sums, int BlockVectors>
void conv3x3_pool_channels(const Conv3x3PoolTileArgs<float>& args) {
  const bool is_fast = args.activation == Activation::relu && has_small_numbers<Arch, BlockVectors>(args);
  for (std::int64_t first = 0; first < args.out_channels; first += lanes<Arch>) {
    const std::int64_t width = args.out_channels - first;
    if (is_fast && width >= lanes<Arch>)
      conv3x3_pool_vector<Arch, Sums, BlockVectors, true>(args, first, Constant<lanes<Arch>>{});
    else
      conv3x3_pool_vector<Arch, Sums, BlockVectors, false>(args, first, width < lanes<Arch> ? width : lanes<Arch>);
  }
}

template <class Arch, int BlockVectors>
void conv3x3_pool_tile(const Conv3x3PoolTileArgs<float>& args) {
  conv3x3_pool_channels<Arch, DirectSums, BlockVectors>(args);
}
template <class Arch, int BlockVectors>
void winograd_pool_tile(const WinogradPoolTileArgs<float>& args) {
  conv3x3_pool_channels<Arch, WinogradSums, BlockVectors>(args);
}

/// The first (Half 0) or last half of the pairs of a and b, in turn.
template <class Arch, int Half, int... I>
[[gnu::always_inline]] inline Vec<Arch> zip_pairs(Vec<Arch> a, Vec<Arch> b, std::integer_sequence<int, I...>) {
  using Register = typename Vec<Arch>::register_type;
  return Vec<Arch>(
      __builtin_shufflevector(static_cast<Register>(a), static_cast<Register>(b),
                              (Half * lanes<Arch> / 2 + I / 4 * 2 + I % 2 + (I / 2 % 2 ? lanes<Arch> : 0))...));
}

/// One axis of the input of F(2, 3).
template <class V>
[[gnu::always_inline]] inline void winograd_input(V a, V b, V c, V d, V (&t)[4]) {
  t[0] = a - c;
  t[1] = b - d;
  t[2] = b + c;
  t[3] = c - b;
}

template <class Arch>
void winograd_tiles(const WinogradTilesArgs<float>& args) {
  constexpr int width = lanes<Arch>, places = width / 2;
  constexpr auto lane = std::make_integer_sequence<int, width>{};
  alignas(64) static constexpr float evens[] = {1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0};
  const auto is_even = load<Arch>(evens) > Vec<Arch>(0.f);
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const float* const in = args.in + 2 * i * args.in_row;
    float* const out = args.out + 4 * i * args.out_row;
    const auto make_places = [&](std::int64_t j) TILEWISE_INLINE {
      Vec<Arch> from[3][4];  // of the columns of each place, from the first, second and third on
      unroll<3>([&](auto l) TILEWISE_INLINE {
        const auto row = [&](std::int64_t k) TILEWISE_INLINE { return load<Arch>(in + k * args.in_row + 2 * j + l); };
        winograd_input(row(0), row(1), row(2), row(3), from[l]);
      });
      unroll<4>([&](auto m) TILEWISE_INLINE {
        const Vec<Arch> outer = from[0][m] - from[2][m],
                        inner = xsimd::select(is_even, from[1][m] + from[2][m], from[1][m] - from[0][m]);
        float* const to = out + m * args.out_row + 4 * j;
        store<Arch>(to, zip_pairs<Arch, 0>(outer, inner, lane));
        store<Arch>(to + width, zip_pairs<Arch, 1>(outer, inner, lane));
      });
    };
    std::int64_t j = 0;
    for (; j + places <= args.columns; j += places) make_places(j);
    if (j == args.columns) continue;
    if (j > 0) {
      make_places(args.columns - places);  // some again
      continue;
    }
    for (; j < args.columns; ++j) {
      float along_rows[4][4];
      for (int l = 0; l < 4; ++l) {
        const auto x = [&](std::int64_t k) { return in[k * args.in_row + 2 * j + l]; };
        winograd_input(x(0), x(1), x(2), x(3), along_rows[l]);
      }
      for (int m = 0; m < 4; ++m) {
        float place[4];
        winograd_input(along_rows[0][m], along_rows[1][m], along_rows[2][m], along_rows[3][m], place);
        for (int n = 0; n < 4; ++n) out[m * args.out_row + 4 * j + n] = place[n];
      }
    }
  }
}

}  // namespace
}  // namespace tilewise::kernels
