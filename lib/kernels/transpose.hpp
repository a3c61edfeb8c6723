#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

namespace tilewise::kernels {
namespace {

/// Of each `Span` elements of a, then of b: the units of `Unit` elements with an even number, or an odd one.
template <class Arch, int Unit, int Span, int Odd, int... I>
[[gnu::always_inline]] inline Vec<Arch> every_other(Vec<Arch> a, Vec<Arch> b, std::integer_sequence<int, I...>) {
  using Register = typename Vec<Arch>::register_type;
  constexpr auto source = [](int i) {
    const int place = i % Span * 2, unit = place % Span / (2 * Unit) * 2 + Odd;
    return i / Span * Span + unit * Unit + i % Unit + (place < Span ? 0 : lanes<Arch>);
  };
  return Vec<Arch>(__builtin_shufflevector(static_cast<Register>(a), static_cast<Register>(b), source(I)...));
}

/// Transposes the square of Span / Unit units that each Span elements of Span vectors are, or of vectors `Unit` apart:
/// a round puts unit j of vector i at bit position (i, j) rotated by one.
template <class Arch, int Unit, int Span, int Rest = Span / Unit>
[[gnu::always_inline]] inline void transpose_units(Vec<Arch> (&x)[lanes<Arch>]) {
  constexpr int n = lanes<Arch>;
  constexpr auto all = std::make_integer_sequence<int, n>{};
  if constexpr (Rest > 1) {
    Vec<Arch> sorted[n];
    unroll<n / 2>([&](auto i) TILEWISE_INLINE {
      constexpr int pair = i.value % (Span / 2), first = i.value - pair;
      const Vec<Arch> a = x[2 * first + pair / Unit * 2 * Unit + pair % Unit];
      const Vec<Arch> b = x[2 * first + pair / Unit * 2 * Unit + pair % Unit + Unit];
      sorted[2 * first + pair] = every_other<Arch, Unit, Span, 0>(a, b, all);
      sorted[2 * first + pair + Span / 2] = every_other<Arch, Unit, Span, 1>(a, b, all);
    });
    unroll<n>([&](auto i) TILEWISE_INLINE { x[i] = sorted[i]; });
    transpose_units<Arch, Unit, Span, Rest / 2>(x);
  }
}

/// Transposes N vectors of N lanes: quads of lanes, which ISAs can move whole, then within the quads.
template <class Arch>
[[gnu::always_inline]] inline void transpose_lanes(Vec<Arch> (&x)[lanes<Arch>]) {
  transpose_units<Arch, 4, lanes<Arch>>(x);
  transpose_units<Arch, 1, 4>(x);
}

template <class Arch>
[[gnu::always_inline]] inline void transpose_square(const float* in, std::int64_t in_step, float* out,
                                                    std::int64_t out_step) {
  Vec<Arch> x[lanes<Arch>];
  unroll<lanes<Arch>>([&](auto i) TILEWISE_INLINE {
    x[i] = load<Arch>(in);
    in += in_step;
  });
  transpose_lanes<Arch>(x);
  unroll<lanes<Arch>>([&](auto i) TILEWISE_INLINE {
    store<Arch>(out, x[i]);
    out += out_step;
  });
}

template <class Arch>
void transpose(const TransposeArgs<float>& shared_args) {
  const TransposeArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  constexpr int n = lanes<Arch>;
  const std::int64_t whole_rows = args.rows - args.rows % n;
  const std::int64_t whole_columns = args.columns - args.columns % n;
  for (std::int64_t c = 0; c < whole_columns; c += n)
    for (std::int64_t r = 0; r < whole_rows; r += n)
      transpose_square<Arch>(args.in + r * args.in_step + c, args.in_step, args.out + c * args.out_step + r,
                             args.out_step);
  // What no square covers: all rows of the last columns, then the last rows.
  for (std::int64_t c = 0; c < args.columns; ++c)
    for (std::int64_t r = c < whole_columns ? whole_rows : 0; r < args.rows; ++r)
      args.out[c * args.out_step + r] = args.in[r * args.in_step + c];
}

}  // namespace
}  // namespace tilewise::kernels
