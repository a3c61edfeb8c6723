#pragma once

#include "kernels/simd.hpp"

// The real Fourier transforms of 8 and 16 numbers, and their adjoints.
namespace tilewise::kernels {
namespace {

/// cos(2*pi*k/N) and sin(2*pi*k/N).
template <int N>
struct Circle;
template <>
struct Circle<8> {
  static constexpr float cosine[8] = {1,  0.70710678118654752f,  0, -0.70710678118654752f,
                                      -1, -0.70710678118654752f, 0, 0.70710678118654752f};
  static constexpr float sine[8] = {0, 0.70710678118654752f,  1,  0.70710678118654752f,
                                    0, -0.70710678118654752f, -1, -0.70710678118654752f};
};
template <>
struct Circle<16> {
  static constexpr float cosine[16] = {1,  0.92387953251128676f,  0.70710678118654752f,  0.38268343236508977f,
                                       0,  -0.38268343236508977f, -0.70710678118654752f, -0.92387953251128676f,
                                       -1, -0.92387953251128676f, -0.70710678118654752f, -0.38268343236508977f,
                                       0,  0.38268343236508977f,  0.70710678118654752f,  0.92387953251128676f};
  static constexpr float sine[16] = {0,  0.38268343236508977f,  0.70710678118654752f,  0.92387953251128676f,
                                     1,  0.92387953251128676f,  0.70710678118654752f,  0.38268343236508977f,
                                     0,  -0.38268343236508977f, -0.70710678118654752f, -0.92387953251128676f,
                                     -1, -0.92387953251128676f, -0.70710678118654752f, -0.38268343236508977f};
};

/// The slots of an axis that most tiles have: a map of 7 or 14 places.
template <int N>
constexpr int fourier_common_slots = N == 8 ? 7 : 14;

/// spectrum = {X0, X4, Re X1, Im X1, Re X2, Im X2, Re X3, Im X3} of x; with Present 7, x[7] is zero and not read.
template <class Arch, int Present>
[[gnu::always_inline]] inline void real_fourier8(const Vec<Arch>* x, Vec<Arch>* spectrum) {
  using V = Vec<Arch>;
  static_assert(Present == 7 || Present == 8);
  const V c(Circle<8>::cosine[1]);
  const V s04 = x[0] + x[4], d04 = x[0] - x[4], s15 = x[1] + x[5], d15 = x[1] - x[5];
  const V s26 = x[2] + x[6], d26 = x[2] - x[6];
  V s37 = x[3], d37 = x[3];
  if constexpr (Present == 8) {
    s37 = x[3] + x[7];
    d37 = x[3] - x[7];
  }
  const V even = s04 + s26, odd = s15 + s37, g = d15 - d37, h = d15 + d37;
  spectrum[0] = even + odd;
  spectrum[1] = even - odd;
  spectrum[2] = fma<Arch>(c, g, d04);
  spectrum[3] = fnma<Arch>(c, h, -d26);
  spectrum[4] = s04 - s26;
  spectrum[5] = s37 - s15;
  spectrum[6] = fnma<Arch>(c, g, d04);
  spectrum[7] = fnma<Arch>(c, h, d26);
}

/// The adjoint: x[j] = sum over k of 0 to 4 of real[k]*cos(2*pi*j*k/8) - imaginary[k]*sin(2*pi*j*k/8). Those from
/// Wanted on may be left out; imaginary[0] and [4] are not read.
template <class Arch>
[[gnu::always_inline]] inline void inverse_fourier8(const Vec<Arch>* real, const Vec<Arch>* imaginary, Vec<Arch>* x) {
  using V = Vec<Arch>;
  const V c(Circle<8>::cosine[1]);
  const V e = real[0] + real[4], f = real[0] - real[4], a = e + real[2], b = e - real[2];
  const V p = real[1] + real[3], q = imaginary[3] - imaginary[1], r = real[1] - real[3],
          s = imaginary[1] + imaginary[3];
  const V f1 = f - imaginary[2], f3 = f + imaginary[2], u = r - s, v = r + s;
  x[0] = a + p;
  x[4] = a - p;
  x[2] = b + q;
  x[6] = b - q;
  x[1] = fma<Arch>(c, u, f1);
  x[5] = fnma<Arch>(c, u, f1);
  x[3] = fnma<Arch>(c, v, f3);
  x[7] = fma<Arch>(c, v, f3);
}

/// spectrum = {X0, X[N/2], Re X1, Im X1, ...} of x, whose slots from Present on are zero and not read.
template <class Arch, int N, int Present>
[[gnu::always_inline]] inline void real_fourier(const Vec<Arch>* x, Vec<Arch>* spectrum) {
  using V = Vec<Arch>;
  if constexpr (N == 8) {
    real_fourier8<Arch, Present>(x, spectrum);
  } else {
    static_assert(N == 16 && Present % 2 == 0);
    V even[8], odd[8], even_spectrum[8], odd_spectrum[8];
    unroll<Present / 2>([&](auto i) TILEWISE_INLINE {
      even[i] = x[2 * i];
      odd[i] = x[2 * i + 1];
    });
    real_fourier8<Arch, Present / 2>(even, even_spectrum);
    real_fourier8<Arch, Present / 2>(odd, odd_spectrum);
    spectrum[0] = even_spectrum[0] + odd_spectrum[0];
    spectrum[1] = even_spectrum[0] - odd_spectrum[0];
    spectrum[8] = even_spectrum[1];
    spectrum[9] = -odd_spectrum[1];
    unroll<3>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      const V c(Circle<16>::cosine[k]), s(Circle<16>::sine[k]);
      const V real = odd_spectrum[2 * k], imaginary = odd_spectrum[2 * k + 1];
      const V turned_real = fma<Arch>(s, imaginary, c * real), turned_imaginary = fnma<Arch>(s, real, c * imaginary);
      spectrum[2 * k] = even_spectrum[2 * k] + turned_real;
      spectrum[2 * k + 1] = even_spectrum[2 * k + 1] + turned_imaginary;
      spectrum[2 * (8 - k)] = even_spectrum[2 * k] - turned_real;
      spectrum[2 * (8 - k) + 1] = turned_imaginary - even_spectrum[2 * k + 1];
    });
  }
}

/// The adjoint: x[j] = sum over k of 0 to N/2 of real[k]*cos(2*pi*j*k/N) - imaginary[k]*sin(2*pi*j*k/N), for
/// j < Wanted. imaginary[0] and [N/2] are not read.
template <class Arch, int N, int Wanted>
[[gnu::always_inline]] inline void inverse_fourier(const Vec<Arch>* real, const Vec<Arch>* imaginary, Vec<Arch>* x) {
  using V = Vec<Arch>;
  if constexpr (N == 8) {
    inverse_fourier8<Arch>(real, imaginary, x);
  } else {
    static_assert(N == 16 && Wanted % 2 == 0);
    V even_real[5], even_imaginary[5], odd_real[5], odd_imaginary[5], even[8], odd[8];
    even_real[0] = real[0] + real[8];
    even_real[4] = real[4];
    odd_real[0] = real[0] - real[8];
    odd_real[4] = -imaginary[4];
    unroll<3>([&](auto j) TILEWISE_INLINE {
      constexpr int k = j.value + 1;
      const V c(Circle<16>::cosine[k]), s(Circle<16>::sine[k]);
      even_real[k] = real[k] + real[8 - k];
      even_imaginary[k] = imaginary[k] - imaginary[8 - k];
      const V dr = real[k] - real[8 - k], di = imaginary[k] + imaginary[8 - k];
      odd_real[k] = fnma<Arch>(s, di, c * dr);
      odd_imaginary[k] = fma<Arch>(s, dr, c * di);
    });
    inverse_fourier8<Arch>(even_real, even_imaginary, even);
    inverse_fourier8<Arch>(odd_real, odd_imaginary, odd);
    unroll<Wanted / 2>([&](auto i) TILEWISE_INLINE {
      x[2 * i] = even[i];
      x[2 * i + 1] = odd[i];
    });
  }
}

}  // namespace
}  // namespace tilewise::kernels
