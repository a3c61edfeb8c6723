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

/// The first group: the columns of real numbers, those of the rows' coefficients 0 and N/2. First come the real
/// coefficients 0 and N/2 of both columns, then of each the complex ones 1 to N/2 - 1, in `Parts` slices. Each other
/// group is a complex column, with N complex coefficients.
template <int N, int Parts>
struct RealColumn {
  static constexpr int complex_numbers = N / 2 - 1;
  static constexpr int group_slices = 4 + 2 * Parts * complex_numbers;
  int column;
  constexpr int first() const { return 2 * column; }
  constexpr int last() const { return 2 * column + 1; }
  constexpr int complex(int k) const { return 4 + Parts * (column * complex_numbers + k - 1); }
};

/// The slices of a complex number z, (Re z + Im z, Re z, Im z), are multiplied by those of the weight u, (Re u, Im u -
/// Re u, -Re u - Im u). Of their products the first and the second make Im zu, the first and the third Re zu. In the
/// adjoint Re z and Im z have each other's place; then these are the real and the imaginary part of z * conj(u).
struct ComplexSlices {
  std::int64_t real, imaginary;  ///< from the first slice to that of the part
  ComplexSlices(std::int64_t slice_step, bool adjoint)
      : real(adjoint ? 2 * slice_step : slice_step), imaginary(adjoint ? slice_step : 2 * slice_step) {}
};
struct ComplexProducts {
  std::int64_t real, imaginary;
  ComplexProducts(std::int64_t product_step, bool adjoint)
      : real(adjoint ? 0 : product_step), imaginary(adjoint ? product_step : 0) {}
};

/// A row of the tile: so many leading slots lie on the map, or N for any.
template <class Arch, int N, int Present>
[[gnu::noinline]] void fourier_to_half(const ToHalfArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  float* const half = half_tile_at(args.half, N, channel);
  for (int r = 0; r < N; ++r) {
    if (!has_slot(args.rows, r)) continue;
    const float* const row = args.map + place_of(args.rows, r, N) * args.row_step + channel;
    V x[N], spectrum[N];
    unroll<Present>([&](auto c) TILEWISE_INLINE {
      if constexpr (Present == N)
        x[c] = has_slot(args.columns, c) ? load<Arch>(row + place_of(args.columns, c, N) * args.column_step) : V(0.f);
      else
        x[c] = load<Arch>(row + c * args.column_step);
    });
    real_fourier<Arch, N, Present>(x, spectrum);
    unroll<N>([&](auto i) TILEWISE_INLINE { store<Arch>(half + half_place(N, i, r), spectrum[i]); });
  }
}

/// One vector of channels of columns. Present: so many leading rows lie on the map, or N for any.
template <class Arch, int N, int Present>
class FourierToSlices {
  using V = Vec<Arch>;

 public:
  static constexpr int parts = 3;
  FourierToSlices(const ToSlicesArgs<float>& args, std::int64_t channel)
      : half_(half_tile_at(args.half, N, channel)),
        slices_(args.slices + channel),
        slice_step_(args.slice_step),
        rows_(args.rows),
        parts_(args.slice_step, args.adjoint) {}

  /// Group 0.
  [[gnu::noinline]] void real_columns() const {
    for (int column = 0; column < 2; ++column) {
      V spectrum[N];
      transform(column, spectrum);
      const RealColumn<N, 3> to{column};
      store<Arch>(slices_ + to.first() * slice_step_, spectrum[0]);
      store<Arch>(slices_ + to.last() * slice_step_, spectrum[1]);
      unroll<N / 2 - 1>(
          [&](auto j) TILEWISE_INLINE { store_complex(to.complex(j + 1), spectrum[2 * j + 2], spectrum[2 * j + 3]); });
    }
  }

  /// The columns of real and of imaginary parts. first: its first slice.
  [[gnu::noinline]] void complex_column(int group, int first) const {
    constexpr int half = N / 2;
    V of_real[N], of_imaginary[N];
    alignas(64) float kept[N][lanes<Arch>];  // both spectra are more than the registers hold
    transform(2 * group, of_real);
    unroll<N>([&](auto i) TILEWISE_INLINE { store<Arch>(kept[i], of_real[i]); });
    transform(2 * group + 1, of_imaginary);
    store_complex(first, load<Arch>(kept[0]), of_imaginary[0]);
    store_complex(first + 3 * half, load<Arch>(kept[1]), of_imaginary[1]);
    unroll<half - 1>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      const V a = load<Arch>(kept[2 * k]), b = load<Arch>(kept[2 * k + 1]);
      store_complex(first + 3 * k, a - of_imaginary[2 * k + 1], b + of_imaginary[2 * k]);
      store_complex(first + 3 * (N - k), a + of_imaginary[2 * k + 1], of_imaginary[2 * k] - b);
    });
  }

 private:
  [[gnu::always_inline]] void transform(int coefficient, V (&spectrum)[N]) const {
    V x[N];
    unroll<Present>([&](auto r) TILEWISE_INLINE {
      x[r] = Present < N || has_slot(rows_, r) ? load<Arch>(half_ + half_place(N, coefficient, r)) : V(0.f);
    });
    real_fourier<Arch, N, Present>(x, spectrum);
  }
  [[gnu::always_inline]] void store_complex(int slice, V real, V imaginary) const {
    float* const to = slices_ + slice * slice_step_;
    store<Arch>(to, real + imaginary);
    store<Arch>(to + parts_.real, real);
    store<Arch>(to + parts_.imaginary, imaginary);
  }

  const float* half_;
  float* slices_;
  std::int64_t slice_step_;
  TileAxis rows_;
  ComplexSlices parts_;
};

/// The way back. Wanted: so many leading rows lie on the map, or N for any.
template <class Arch, int N, int Wanted>
class FourierFromSlices {
  using V = Vec<Arch>;
  static constexpr int half_spectrum = N / 2;

 public:
  static constexpr int parts = 2;
  FourierFromSlices(const FromSlicesArgs<float>& args, std::int64_t channel)
      : products_(args.products + channel),
        half_(half_tile_at(args.half, N, channel)),
        product_step_(args.product_step),
        rows_(args.rows),
        parts_(args.product_step, args.adjoint) {}

  [[gnu::noinline]] void real_columns() const {
    for (int column = 0; column < 2; ++column) {
      const RealColumn<N, 2> from{column};
      V real[half_spectrum + 1], imaginary[half_spectrum + 1];
      real[0] = load<Arch>(products_ + from.first() * product_step_);
      real[half_spectrum] = load<Arch>(products_ + from.last() * product_step_);
      unroll<half_spectrum - 1>(
          [&](auto j) TILEWISE_INLINE { load_complex(from.complex(j + 1), real[j + 1], imaginary[j + 1]); });
      transform(column, real, imaginary);
    }
  }

  [[gnu::noinline]] void complex_column(int group, int first) const {
    V real[half_spectrum + 1], imaginary[half_spectrum + 1];
    alignas(64) float kept[half_spectrum + 1][2][lanes<Arch>];  // what the column of imaginary parts is made of
    V zero_imaginary, half_imaginary;
    load_complex(first, real[0], zero_imaginary);
    load_complex(first + 2 * half_spectrum, real[half_spectrum], half_imaginary);
    unroll<half_spectrum - 1>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      V a, b, c, d;
      load_complex(first + 2 * k, a, b);
      load_complex(first + 2 * (N - k), c, d);
      real[k] = a + c;
      imaginary[k] = b - d;
      store<Arch>(kept[k][0], b + d);
      store<Arch>(kept[k][1], c - a);
    });
    transform(2 * group, real, imaginary);
    unroll<half_spectrum - 1>([&](auto j) TILEWISE_INLINE {
      real[j + 1] = load<Arch>(kept[j + 1][0]);
      imaginary[j + 1] = load<Arch>(kept[j + 1][1]);
    });
    real[0] = zero_imaginary;
    real[half_spectrum] = half_imaginary;
    transform(2 * group + 1, real, imaginary);
  }

 private:
  [[gnu::always_inline]] void load_complex(int first, V& real, V& imaginary) const {
    const float* const from = products_ + first * product_step_;
    real = load<Arch>(from + parts_.real);
    imaginary = load<Arch>(from + parts_.imaginary);
  }
  [[gnu::always_inline]] void transform(int coefficient, const V (&real)[half_spectrum + 1],
                                        const V (&imaginary)[half_spectrum + 1]) const {
    V x[N];
    inverse_fourier<Arch, N, Wanted>(real, imaginary, x);
    unroll<Wanted>([&](auto r) TILEWISE_INLINE {
      if (Wanted < N || has_slot(rows_, r)) store<Arch>(half_ + half_place(N, coefficient, r), x[r]);
    });
  }

  const float* products_;
  float* half_;
  std::int64_t product_step_;
  TileAxis rows_;
  ComplexProducts parts_;
};

/// Wanted: so many leading slots of a row lie on the map, or N for any.
template <class Arch, int N, int Wanted>
[[gnu::noinline]] void fourier_from_half(const FromHalfArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int half_spectrum = N / 2;
  const float* const half = half_tile_at(args.half, N, channel);
  const V bias = args.bias ? load<Arch>(args.bias + channel) : V(0.f);
  for (int r = 0; r < N; ++r) {
    if (!has_slot(args.rows, r)) continue;
    const auto coefficient = [&](int i) TILEWISE_INLINE { return load<Arch>(half + half_place(N, i, r)); };
    V real[half_spectrum + 1], imaginary[half_spectrum + 1], x[N], row[Wanted];
    real[0] = coefficient(0);
    real[half_spectrum] = coefficient(1);
    unroll<half_spectrum - 1>([&](auto j) TILEWISE_INLINE {
      real[j + 1] = coefficient(2 * j + 2);
      imaginary[j + 1] = coefficient(2 * j + 3);
    });
    inverse_fourier<Arch, N, Wanted>(real, imaginary, x);
    unroll<Wanted>([&](auto c) TILEWISE_INLINE { row[c] = x[c]; });
    write_row<Arch, N, Wanted>(args, channel, r, row, bias);
  }
}

}  // namespace
}  // namespace tilewise::kernels
