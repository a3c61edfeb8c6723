#pragma once

#include "kernels/transform/fourier.hpp"

// The spectrum of 3x3 weights, for the slices of fourier.hpp. Tap (1, 1) stands at place 0, and conjugated, for a
// convolution layer correlates.
namespace tilewise::kernels {
namespace {

/// One vector of channels. Along an axis, taps t0, t1, t2 give t1 + (t0 + t2)*cos + i*(t2 - t0)*sin.
template <class Arch, int N>
void fourier_weight_slices(const float* taps, float* slices, const WeightSlicesArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int half = N / 2;
  const auto store_complex = [&](int slice, V real, V imaginary) TILEWISE_INLINE {
    float* const to = slices + slice * args.slice_step;
    store<Arch>(to, real);
    store<Arch>(to + args.slice_step, real - imaginary);
    store<Arch>(to + 2 * args.slice_step, real + imaginary);
  };
  // Of each row of taps: the middle one, the sum and the difference of the others. What is left out of the spectrum
  // counts twice.
  V middle[3], sum[3], difference[3];
  unroll<3>([&](auto a) TILEWISE_INLINE {
    const float* const row = taps + a * args.tap_row;
    const V left = load<Arch>(row), right = load<Arch>(row + 2 * args.tap_column), scale(2.f / (N * N));
    middle[a] = scale * load<Arch>(row + args.tap_column);
    sum[a] = scale * (left + right);
    difference[a] = scale * (right - left);
  });
  for (int real_column = 0; real_column < 2; ++real_column) {
    const V sign(real_column == 0 ? 1.f : -1.f), once(0.5f);
    V column[3];
    unroll<3>([&](auto a) TILEWISE_INLINE { column[a] = fma<Arch>(sign, sum[a], middle[a]); });
    const V even = column[0] + column[2], odd = column[2] - column[0];
    const int first = real_column * first_slice<N>(half);
    store<Arch>(slices + first * args.slice_step, once * (column[1] + even));
    store<Arch>(slices + (first + 1) * args.slice_step, once * (column[1] - even));
    for (int k = 1; k < half; ++k)
      store_complex(first + 2 + 3 * (k - 1), fma<Arch>(V(Circle<N>::cosine[k]), even, column[1]),
                    V(Circle<N>::sine[k]) * odd);
  }
  for (int l = 1; l < half; ++l) {
    const V cosine(Circle<N>::cosine[l]), sine(Circle<N>::sine[l]);
    V real[3], imaginary[3];
    unroll<3>([&](auto a) TILEWISE_INLINE {
      real[a] = fma<Arch>(cosine, sum[a], middle[a]);
      imaginary[a] = sine * difference[a];
    });
    const V even_real = real[0] + real[2], odd_real = real[2] - real[0];
    const V even_imaginary = imaginary[0] + imaginary[2], odd_imaginary = imaginary[2] - imaginary[0];
    const int first = first_slice<N>(l);
    store_complex(first, real[1] + even_real, imaginary[1] + even_imaginary);
    store_complex(first + 3 * half, real[1] - even_real, imaginary[1] - even_imaginary);
    for (int k = 1; k < half; ++k) {
      const V c(Circle<N>::cosine[k]), s(Circle<N>::sine[k]);
      const V common_real = fma<Arch>(c, even_real, real[1]),
              common_imaginary = fma<Arch>(c, even_imaginary, imaginary[1]);
      const V turned_real = s * odd_imaginary, turned_imaginary = s * odd_real;
      store_complex(first + 3 * k, common_real - turned_real, common_imaginary + turned_imaginary);
      store_complex(first + 3 * (N - k), common_real + turned_real, common_imaginary - turned_imaginary);
    }
  }
}

template <class Arch, int N>
void fourier_weight_slices_adjoint(float* taps, const float* slices, const WeightSlicesArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int half = N / 2;
  const auto load_complex = [&](int slice, V& real, V& imaginary) TILEWISE_INLINE {
    const float* const from = slices + slice * args.slice_step;
    const V second = load<Arch>(from + args.slice_step), third = load<Arch>(from + 2 * args.slice_step);
    real = load<Arch>(from) - (second + third);
    imaginary = second - third;
  };
  V middle[3], sum[3], difference[3];
  unroll<3>([&](auto a) TILEWISE_INLINE { middle[a] = sum[a] = difference[a] = V(0.f); });
  for (int real_column = 0; real_column < 2; ++real_column) {
    const V sign(real_column == 0 ? 1.f : -1.f), once(0.5f);
    const int first = real_column * first_slice<N>(half);
    const V zero = once * load<Arch>(slices + first * args.slice_step);
    const V last = once * load<Arch>(slices + (first + 1) * args.slice_step);
    V column = zero + last, even = zero - last, odd(0.f);
    for (int k = 1; k < half; ++k) {
      V real, imaginary;
      load_complex(first + 2 + 3 * (k - 1), real, imaginary);
      column = column + real;
      even = fma<Arch>(V(Circle<N>::cosine[k]), real, even);
      odd = fma<Arch>(V(Circle<N>::sine[k]), imaginary, odd);
    }
    const V of_rows[3] = {even - odd, column, even + odd};
    unroll<3>([&](auto a) TILEWISE_INLINE {
      middle[a] = middle[a] + of_rows[a];
      sum[a] = fma<Arch>(sign, of_rows[a], sum[a]);
    });
  }
  for (int l = 1; l < half; ++l) {
    const int first = first_slice<N>(l);
    V zero_real, zero_imaginary, half_real, half_imaginary;
    load_complex(first, zero_real, zero_imaginary);
    load_complex(first + 3 * half, half_real, half_imaginary);
    V column_real = zero_real + half_real, column_imaginary = zero_imaginary + half_imaginary;
    V even_real = zero_real - half_real, even_imaginary = zero_imaginary - half_imaginary, odd_real(0.f),
      odd_imaginary(0.f);
    for (int k = 1; k < half; ++k) {
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
    const V cosine(Circle<N>::cosine[l]), sine(Circle<N>::sine[l]);
    const V real[3] = {even_real - odd_real, column_real, even_real + odd_real};
    const V imaginary[3] = {even_imaginary - odd_imaginary, column_imaginary, even_imaginary + odd_imaginary};
    unroll<3>([&](auto a) TILEWISE_INLINE {
      middle[a] = middle[a] + real[a];
      sum[a] = fma<Arch>(cosine, real[a], sum[a]);
      difference[a] = fma<Arch>(sine, imaginary[a], difference[a]);
    });
  }
  unroll<3>([&](auto a) TILEWISE_INLINE {
    float* const row = taps + a * args.tap_row;
    const V scale(2.f / (N * N));
    store<Arch>(row, scale * (sum[a] - difference[a]));
    store<Arch>(row + args.tap_column, scale * middle[a]);
    store<Arch>(row + 2 * args.tap_column, scale * (sum[a] + difference[a]));
  });
}

}  // namespace
}  // namespace tilewise::kernels
