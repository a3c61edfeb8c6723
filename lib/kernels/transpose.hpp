#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

namespace tilewise::kernels {
namespace {

/// Transposes N vectors of N lanes by perfect shuffles: a round puts element j of vector i at bit position (i, j)
/// rotated by one, and log2(N) rounds exchange the two halves of the position, row and column.
template <class Arch, int Round = 1>
[[gnu::always_inline]] inline void transpose_lanes(Vec<Arch> (&x)[lanes<Arch>]) {
  constexpr int n = lanes<Arch>;
  if constexpr (Round < n) {
    Vec<Arch> zipped[n];
    unroll<n / 2>([&](auto i) TILEWISE_INLINE {
      zipped[2 * i] = zip_low<Arch>(x[i], x[i + n / 2]);
      zipped[2 * i + 1] = zip_high<Arch>(x[i], x[i + n / 2]);
    });
    unroll<n>([&](auto i) TILEWISE_INLINE { x[i] = zipped[i]; });
    transpose_lanes<Arch, Round * 2>(x);
  }
}

template <class Arch>
void transpose(const TransposeArgs<float>& args) {
  constexpr int n = lanes<Arch>;
  const std::int64_t whole_rows = args.rows - args.rows % n;
  const std::int64_t whole_columns = args.columns - args.columns % n;
  for (std::int64_t c = 0; c < whole_columns; c += n) {
    for (std::int64_t r = 0; r < whole_rows; r += n) {
      Vec<Arch> x[n];
      unroll<n>([&](auto i) TILEWISE_INLINE { x[i] = load<Arch>(args.in + (r + i) * args.in_step + c); });
      transpose_lanes<Arch>(x);
      unroll<n>([&](auto i) TILEWISE_INLINE { store<Arch>(args.out + (c + i) * args.out_step + r, x[i]); });
    }
  }
  // What no square covers: all rows of the last columns, then the last rows.
  for (std::int64_t c = 0; c < args.columns; ++c)
    for (std::int64_t r = c < whole_columns ? whole_rows : 0; r < args.rows; ++r)
      args.out[c * args.out_step + r] = args.in[r * args.in_step + c];
}

}  // namespace
}  // namespace tilewise::kernels
