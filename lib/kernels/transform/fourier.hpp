#pragma once

#include "kernels/transform/fourier_axis.hpp"
#include "kernels/transform/tile.hpp"

// Convolution by a real Fourier transform of the tile: a product of spectra is a cyclic convolution. A real tile's
// spectrum is symmetric, so half of it does; each product of complex numbers is three of real ones (Gauss), hence three
// slices.
//
// The transform along an axis gives N numbers: the real coefficients 0 and N/2, then real and imaginary part of 1 to
// N/2 - 1. Back is its adjoint, a sum over that half; what the half leaves out, and the division by N*N, is in the
// weights. So the adjoint of either way is the other way.
namespace tilewise::kernels {
namespace {

/// The slices of column coefficient l, the second axis': for 0 and N/2 the real rows 0 and N/2 and the complex rows
/// 1 to N/2 - 1; for the others N complex rows.
template <int N>
constexpr int first_slice(int l) {
  constexpr int real_columns = 2 + 3 * (N / 2 - 1);
  return l == 0 ? 0 : l == N / 2 ? real_columns : 2 * real_columns + 3 * N * (l - 1);
}

/// Where the three slices of a complex number z lie: a*(Re z + Im z), b*Re z, c*Im z. With a = Re u, b = Re u - Im u,
/// c = Re u + Im u for the weight u, Re zu is the first minus the third, Im zu the first minus the second. The adjoint
/// has the second and the third in each other's place.
struct ComplexSlices {
  std::int64_t real, imaginary;
  ComplexSlices(std::int64_t slice_step, bool adjoint)
      : real(adjoint ? 2 * slice_step : slice_step), imaginary(adjoint ? slice_step : 2 * slice_step) {}
};

/// Of one vector of channels. Present: so many leading slots of either axis lie on the map, or N for any.
template <class Arch, int N, int Present>
[[gnu::noinline]] void fourier_to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int half = N / 2, width = lanes<Arch>;
  constexpr bool any = Present == N;
  alignas(64) float columns[N][N][width];  // [coefficient along the row][row]
  for (int r = 0; r < Present; ++r) {
    if (any && !has_slot(args.rows, r)) {
      for (int i = 0; i < N; ++i) store<Arch>(columns[i][r], V(0.f));
      continue;
    }
    const float* const row = args.map + (any ? place_of(args.rows, r, N) : r) * args.row_step + channel;
    V x[N], spectrum[N];
    unroll<Present>([&](auto c) TILEWISE_INLINE {
      if constexpr (any)
        x[c] = has_slot(args.columns, c) ? load<Arch>(row + place_of(args.columns, c, N) * args.column_step) : V(0.f);
      else
        x[c] = load<Arch>(row + c * args.column_step);
    });
    real_fourier<Arch, N, Present>(x, spectrum);
    unroll<N>([&](auto i) TILEWISE_INLINE { store<Arch>(columns[i][r], spectrum[i]); });
  }

  float* const slices = args.slices + channel;
  const ComplexSlices parts(args.slice_step, args.adjoint);
  const auto store_complex = [&](int slice, V real, V imaginary) TILEWISE_INLINE {
    float* const to = slices + slice * args.slice_step;
    store<Arch>(to, real + imaginary);
    store<Arch>(to + parts.real, real);
    store<Arch>(to + parts.imaginary, imaginary);
  };
  const auto transform_column = [&](int i, V(&spectrum)[N]) TILEWISE_INLINE {
    V x[N];
    unroll<Present>([&](auto r) TILEWISE_INLINE { x[r] = load<Arch>(columns[i][r]); });
    real_fourier<Arch, N, Present>(x, spectrum);
  };
  for (int real_column = 0; real_column < 2; ++real_column) {
    V spectrum[N];
    transform_column(real_column, spectrum);
    const int first = real_column * first_slice<N>(half);
    store<Arch>(slices + first * args.slice_step, spectrum[0]);
    store<Arch>(slices + (first + 1) * args.slice_step, spectrum[1]);
    unroll<half - 1>(
        [&](auto j) TILEWISE_INLINE { store_complex(first + 2 + 3 * j, spectrum[2 * j + 2], spectrum[2 * j + 3]); });
  }
  for (int l = 1; l < half; ++l) {
    V of_real[N], of_imaginary[N];
    alignas(64) float kept[N][width];  // both spectra are more than the registers hold
    transform_column(2 * l, of_real);
    unroll<N>([&](auto i) TILEWISE_INLINE { store<Arch>(kept[i], of_real[i]); });
    transform_column(2 * l + 1, of_imaginary);
    const int first = first_slice<N>(l);
    store_complex(first, load<Arch>(kept[0]), of_imaginary[0]);
    store_complex(first + 3 * half, load<Arch>(kept[1]), of_imaginary[1]);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      const V a = load<Arch>(kept[2 * k]), b = load<Arch>(kept[2 * k + 1]);
      store_complex(first + 3 * k, a - of_imaginary[2 * k + 1], b + of_imaginary[2 * k]);
      store_complex(first + 3 * (N - k), a + of_imaginary[2 * k + 1], of_imaginary[2 * k] - b);
    });
  }
}

/// Of one vector of channels. Wanted: so many leading slots of either axis lie on the map, or N for any.
template <class Arch, int N, int Wanted>
[[gnu::noinline]] void fourier_from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int half = N / 2, width = lanes<Arch>;
  alignas(64) float columns[N][Wanted][width];  // [coefficient along the row][row]
  const float* const slices = args.slices + channel;
  const ComplexSlices parts(args.slice_step, !args.adjoint);
  const auto load_complex = [&](int slice, V& real, V& imaginary) TILEWISE_INLINE {
    const float* const from = slices + slice * args.slice_step;
    const V sum = load<Arch>(from);
    real = sum - load<Arch>(from + parts.real);
    imaginary = sum - load<Arch>(from + parts.imaginary);
  };
  const auto transform_column = [&](int i, const V(&real)[half + 1], const V(&imaginary)[half + 1]) TILEWISE_INLINE {
    V x[N];
    inverse_fourier<Arch, N, Wanted>(real, imaginary, x);
    unroll<Wanted>([&](auto r) TILEWISE_INLINE { store<Arch>(columns[i][r], x[r]); });
  };
  for (int real_column = 0; real_column < 2; ++real_column) {
    const int first = real_column * first_slice<N>(half);
    V real[half + 1], imaginary[half + 1];
    real[0] = load<Arch>(slices + first * args.slice_step);
    real[half] = load<Arch>(slices + (first + 1) * args.slice_step);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE { load_complex(first + 2 + 3 * j, real[j + 1], imaginary[j + 1]); });
    transform_column(real_column, real, imaginary);
  }
  for (int l = 1; l < half; ++l) {
    const int first = first_slice<N>(l);
    V real[half + 1], imaginary[half + 1];
    alignas(64) float kept[half + 1][2][width];  // what the column of imaginary parts is made of
    V zero_imaginary, half_imaginary;
    load_complex(first, real[0], zero_imaginary);
    load_complex(first + 3 * half, real[half], half_imaginary);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      V a, b, c, d;
      load_complex(first + 3 * k, a, b);
      load_complex(first + 3 * (N - k), c, d);
      real[k] = a + c;
      imaginary[k] = b - d;
      store<Arch>(kept[k][0], b + d);
      store<Arch>(kept[k][1], c - a);
    });
    transform_column(2 * l, real, imaginary);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE {
      real[j + 1] = load<Arch>(kept[j + 1][0]);
      imaginary[j + 1] = load<Arch>(kept[j + 1][1]);
    });
    real[0] = zero_imaginary;
    real[half] = half_imaginary;
    transform_column(2 * l + 1, real, imaginary);
  }
  const V bias = args.bias ? load<Arch>(args.bias + channel) : V(0.f);
  for (int r = 0; r < Wanted; ++r) {
    if (!has_slot(args.rows, r)) continue;
    V real[half + 1], imaginary[half + 1], x[N], row[Wanted];
    real[0] = load<Arch>(columns[0][r]);
    real[half] = load<Arch>(columns[1][r]);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE {
      real[j + 1] = load<Arch>(columns[2 * j + 2][r]);
      imaginary[j + 1] = load<Arch>(columns[2 * j + 3][r]);
    });
    inverse_fourier<Arch, N, Wanted>(real, imaginary, x);
    unroll<Wanted>([&](auto c) TILEWISE_INLINE { row[c] = x[c]; });
    write_row<Arch, N, Wanted>(args, channel, r, row, bias);
  }
}

}  // namespace
}  // namespace tilewise::kernels
