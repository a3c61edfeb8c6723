#pragma once

#include "kernels/transform/fourier.hpp"

// The spectrum of 3x3 weights, for the slices of fourier.hpp. Tap (1, 1) stands at place 0, and conjugated, for a
// convolution layer correlates.
namespace tilewise::kernels {
namespace {

/// One vector of channels. Along an axis, taps t0, t1, t2 give t1 + (t0 + t2)*cos + i*(t2 - t0)*sin.
template <class Arch, int N>
class FourierWeightSlices {
  using V = Vec<Arch>;
  static constexpr int half_spectrum = N / 2;

 public:
  static constexpr int parts = 3;
  FourierWeightSlices(const float* taps, float* slices, const WeightSlicesArgs<float>& args)
      : slices_(slices), slice_step_(args.slice_step) {
    unroll<3>([&](auto a) TILEWISE_INLINE {
      const float* const row = taps + a * args.tap_row;
      const V left = load<Arch>(row), right = load<Arch>(row + 2 * args.tap_column), scale(2.f / (N * N));
      middle_[a] = scale * load<Arch>(row + args.tap_column);
      sum_[a] = scale * (left + right);
      difference_[a] = scale * (right - left);
    });
  }

  void real_columns() const {
    for (int real_column = 0; real_column < 2; ++real_column) {
      const V sign(real_column == 0 ? 1.f : -1.f), once(0.5f);
      const RealColumn<N, 3> to{real_column};
      V column[3];
      unroll<3>([&](auto a) TILEWISE_INLINE { column[a] = fma<Arch>(sign, sum_[a], middle_[a]); });
      const V even = column[0] + column[2], odd = column[2] - column[0];
      store<Arch>(slices_ + to.first() * slice_step_, once * (column[1] + even));
      store<Arch>(slices_ + to.last() * slice_step_, once * (column[1] - even));
      for (int k = 1; k < half_spectrum; ++k)
        store_complex(to.complex(k), fma<Arch>(V(Circle<N>::cosine[k]), even, column[1]), V(Circle<N>::sine[k]) * odd);
    }
  }

  void complex_column(int group, int first) const {
    const V cosine(Circle<N>::cosine[group]), sine(Circle<N>::sine[group]);
    V real[3], imaginary[3];
    unroll<3>([&](auto a) TILEWISE_INLINE {
      real[a] = fma<Arch>(cosine, sum_[a], middle_[a]);
      imaginary[a] = sine * difference_[a];
    });
    const V even_real = real[0] + real[2], odd_real = real[2] - real[0];
    const V even_imaginary = imaginary[0] + imaginary[2], odd_imaginary = imaginary[2] - imaginary[0];
    store_complex(first, real[1] + even_real, imaginary[1] + even_imaginary);
    store_complex(first + 3 * half_spectrum, real[1] - even_real, imaginary[1] - even_imaginary);
    for (int k = 1; k < half_spectrum; ++k) {
      const V c(Circle<N>::cosine[k]), s(Circle<N>::sine[k]);
      const V common_real = fma<Arch>(c, even_real, real[1]),
              common_imaginary = fma<Arch>(c, even_imaginary, imaginary[1]);
      store_complex(first + 3 * k, fnma<Arch>(s, odd_imaginary, common_real), fma<Arch>(s, odd_real, common_imaginary));
      store_complex(first + 3 * (N - k), fma<Arch>(s, odd_imaginary, common_real),
                    fnma<Arch>(s, odd_real, common_imaginary));
    }
  }

 private:
  [[gnu::always_inline]] void store_complex(int slice, V real, V imaginary) const {
    float* const to = slices_ + slice * slice_step_;
    store<Arch>(to, real);
    store<Arch>(to + slice_step_, imaginary - real);
    store<Arch>(to + 2 * slice_step_, negative_sum<Arch>(real, imaginary));
  }

  float* slices_;
  std::int64_t slice_step_;
  // Of each row of taps: the middle one, the sum and the difference of the others. What is left out of the spectrum
  // counts twice.
  V middle_[3], sum_[3], difference_[3];
};

/// The adjoint along columns of one vector of channels.
template <class Arch, int N>
class FourierWeightHalf {
  using V = Vec<Arch>;
  static constexpr int half_spectrum = N / 2;

 public:
  static constexpr int parts = 3;
  FourierWeightHalf(const float* slices, float* half, const WeightHalfArgs<float>& args)
      : slices_(slices),
        half_(half),
        slice_step_(args.slice_step),
        half_step_(args.half_step),
        accumulate_(args.accumulate) {}

  void real_columns() const {
    for (int real_column = 0; real_column < 2; ++real_column) {
      const V once(0.5f);
      const RealColumn<N, 3> from{real_column};
      const V zero = once * load<Arch>(slices_ + from.first() * slice_step_);
      const V last = once * load<Arch>(slices_ + from.last() * slice_step_);
      V column = zero + last, even = zero - last, odd(0.f);
      for (int k = 1; k < half_spectrum; ++k) {
        V real, imaginary;
        load_complex(from.complex(k), real, imaginary);
        column = column + real;
        even = fma<Arch>(V(Circle<N>::cosine[k]), real, even);
        odd = fma<Arch>(V(Circle<N>::sine[k]), imaginary, odd);
      }
      store_taps(real_column, even - odd, column, even + odd);
    }
  }

  void complex_column(int group, int first) const {
    V zero_real, zero_imaginary, half_real, half_imaginary;
    load_complex(first, zero_real, zero_imaginary);
    load_complex(first + 3 * half_spectrum, half_real, half_imaginary);
    V column_real = zero_real + half_real, column_imaginary = zero_imaginary + half_imaginary;
    V even_real = zero_real - half_real, even_imaginary = zero_imaginary - half_imaginary, odd_real(0.f),
      odd_imaginary(0.f);
    for (int k = 1; k < half_spectrum; ++k) {
      V a, b, c, d;
      load_complex(first + 3 * k, a, b);
      load_complex(first + 3 * (N - k), c, d);
      const V cosine(Circle<N>::cosine[k]), sine(Circle<N>::sine[k]);
      column_real = column_real + (a + c);
      column_imaginary = column_imaginary + (b + d);
      even_real = fma<Arch>(cosine, a + c, even_real);
      even_imaginary = fma<Arch>(cosine, b + d, even_imaginary);
      odd_real = fma<Arch>(sine, b - d, odd_real);
      odd_imaginary = fma<Arch>(sine, c - a, odd_imaginary);
    }
    store_taps(2 * group, even_real - odd_real, column_real, even_real + odd_real);
    store_taps(2 * group + 1, even_imaginary - odd_imaginary, column_imaginary, even_imaginary + odd_imaginary);
  }

 private:
  [[gnu::always_inline]] void load_complex(int slice, V& real, V& imaginary) const {
    const float* const from = slices_ + slice * slice_step_;
    const V second = load<Arch>(from + slice_step_), third = load<Arch>(from + 2 * slice_step_);
    real = load<Arch>(from) - (second + third);
    imaginary = second - third;
  }
  [[gnu::always_inline]] void store_taps(int coefficient, V first, V middle, V last) const {
    float* const to = half_ + 3 * coefficient * half_step_;
    store_sum<Arch>(to, first, accumulate_);
    store_sum<Arch>(to + half_step_, middle, accumulate_);
    store_sum<Arch>(to + 2 * half_step_, last, accumulate_);
  }

  const float* slices_;
  float* half_;
  std::int64_t slice_step_, half_step_;
  bool accumulate_;
};

/// The adjoint along rows: the columns of real numbers first, then real and imaginary parts.
template <class Arch, int N>
void fourier_weight_taps(const float* half, float* taps, const WeightTapsArgs<float>& args) {
  using V = Vec<Arch>;
  for (int row = 0; row < 3; ++row) {
    const auto coefficient = [&](int i) TILEWISE_INLINE { return load<Arch>(half + (3 * i + row) * args.half_step); };
    V middle = coefficient(0) + coefficient(1), sum = coefficient(0) - coefficient(1), difference(0.f);
    for (int l = 1; l < N / 2; ++l) {
      const V real = coefficient(2 * l);
      middle = middle + real;
      sum = fma<Arch>(V(Circle<N>::cosine[l]), real, sum);
      difference = fma<Arch>(V(Circle<N>::sine[l]), coefficient(2 * l + 1), difference);
    }
    float* const to = taps + row * args.tap_row;
    const V scale(2.f / (N * N));
    store<Arch>(to, scale * (sum - difference));
    store<Arch>(to + args.tap_column, scale * middle);
    store<Arch>(to + 2 * args.tap_column, scale * (sum + difference));
  }
}

}  // namespace
}  // namespace tilewise::kernels
