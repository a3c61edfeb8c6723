#pragma once

#include "kernels/simd.hpp"

// Winograd's F(2, 3): tile and weights are polynomials, whose product is taken by points.
namespace tilewise::kernels {
namespace {

/// One axis of F(2, 3), of points 0, 1, -1 and infinity: the errors are those of direct convolution.
struct Winograd2 {
  static constexpr int slots = 4, outputs = 2;

  /// 4 places of the input -> 4 points.
  template <class Arch>
  [[gnu::always_inline]] static void input(const Vec<Arch>* x, Vec<Arch>* t) {
    t[0] = x[0] - x[2];
    t[1] = x[1] + x[2];
    t[2] = x[2] - x[1];
    t[3] = x[1] - x[3];
  }

  template <class Arch>
  [[gnu::always_inline]] static void input_adjoint(const Vec<Arch>* t, Vec<Arch>* x) {
    x[0] = t[0];
    x[1] = (t[1] - t[2]) + t[3];
    x[2] = (t[1] + t[2]) - t[0];
    x[3] = Vec<Arch>(0.f) - t[3];
  }

  /// 4 points -> 2 outputs.
  template <class Arch>
  [[gnu::always_inline]] static void output(const Vec<Arch>* t, Vec<Arch>* y) {
    y[0] = (t[1] + t[2]) + t[0];
    y[1] = (t[1] - t[2]) - t[3];
  }

  template <class Arch>
  [[gnu::always_inline]] static void output_adjoint(const Vec<Arch>* y, Vec<Arch>* t) {
    t[0] = y[0];
    t[1] = y[0] + y[1];
    t[2] = y[0] - y[1];
    t[3] = Vec<Arch>(0.f) - y[1];
  }

  /// What point `index` has of tap `tap`.
  static constexpr float weight(int index, int tap) {
    if (index == 0 || index == 3) return tap == (index == 0 ? 0 : 2);
    return index == 2 && tap == 1 ? -0.5f : 0.5f;
  }

  template <class Arch>
  [[gnu::always_inline]] static void weights(const Vec<Arch>* w, Vec<Arch>* t) {
    const Vec<Arch> half(0.5f), even = half * (w[0] + w[2]), odd = half * w[1];
    t[0] = w[0];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = w[2];
  }

  template <class Arch>
  [[gnu::always_inline]] static void weights_adjoint(const Vec<Arch>* t, Vec<Arch>* w) {
    const Vec<Arch> half(0.5f), even = half * (t[1] + t[2]);
    w[0] = t[0] + even;
    w[1] = half * (t[1] - t[2]);
    w[2] = t[3] + even;
  }
};

}  // namespace
}  // namespace tilewise::kernels
