#pragma once

#include "kernels/transform/tile.hpp"

// A transform that is the same real one along either axis: slice i * slots + j is point i of the rows, j of the
// columns. Axis gives the six maps of one axis (winograd.hpp).
namespace tilewise::kernels {
namespace {

/// Of one vector of channels.
template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int from = Adjoint ? Axis::outputs : Axis::slots, points = Axis::slots;
  const auto transform = [](const V* x, V* t) TILEWISE_INLINE {
    if constexpr (Adjoint)
      Axis::template output_adjoint<Arch>(x, t);
    else
      Axis::template input<Arch>(x, t);
  };
  alignas(64) float half[points][from][lanes<Arch>];  // [point of the rows][column]
  for (int c = 0; c < from; ++c) {
    if (!has_slot(args.columns, c)) {
      for (int i = 0; i < points; ++i) store<Arch>(half[i][c], V(0.f));
      continue;
    }
    const float* const column = args.map + place_of(args.columns, c, points) * args.column_step + channel;
    V x[from], t[points];
    unroll<from>([&](auto r) TILEWISE_INLINE {
      x[r] = has_slot(args.rows, r) ? load<Arch>(column + place_of(args.rows, r, points) * args.row_step) : V(0.f);
    });
    transform(x, t);
    unroll<points>([&](auto i) TILEWISE_INLINE { store<Arch>(half[i][c], t[i]); });
  }
  for (int i = 0; i < points; ++i) {
    V x[from], t[points];
    unroll<from>([&](auto c) TILEWISE_INLINE { x[c] = load<Arch>(half[i][c]); });
    transform(x, t);
    float* const slices = args.slices + i * points * args.slice_step + channel;
    unroll<points>([&](auto j) TILEWISE_INLINE { store<Arch>(slices + j * args.slice_step, t[j]); });
  }
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int to = Adjoint ? Axis::slots : Axis::outputs, points = Axis::slots;
  const auto transform = [](const V* t, V* y) TILEWISE_INLINE {
    if constexpr (Adjoint)
      Axis::template input_adjoint<Arch>(t, y);
    else
      Axis::template output<Arch>(t, y);
  };
  alignas(64) float half[to][points][lanes<Arch>];  // [row][point of the columns]
  for (int j = 0; j < points; ++j) {
    V t[points], y[to];
    const float* const slices = args.slices + j * args.slice_step + channel;
    unroll<points>([&](auto i) TILEWISE_INLINE { t[i] = load<Arch>(slices + i * points * args.slice_step); });
    transform(t, y);
    unroll<to>([&](auto r) TILEWISE_INLINE { store<Arch>(half[r][j], y[r]); });
  }
  const V bias = args.bias ? load<Arch>(args.bias + channel) : V(0.f);
  for (int r = 0; r < to; ++r) {
    if (!has_slot(args.rows, r)) continue;
    V t[points], y[to];
    unroll<points>([&](auto j) TILEWISE_INLINE { t[j] = load<Arch>(half[r][j]); });
    transform(t, y);
    write_row<Arch, points, to>(args, channel, r, y, bias);
  }
}

/// One vector of channels of weights, both ways.
template <class Arch, class Axis>
void separable_weight_slices(const float* taps, float* slices, const WeightSlicesArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int points = Axis::slots;
  V half[3][points];  // [column][point of the rows]
  unroll<3>([&](auto c) TILEWISE_INLINE {
    V w[3];
    unroll<3>([&](auto r) TILEWISE_INLINE { w[r] = load<Arch>(taps + r * args.tap_row + c * args.tap_column); });
    Axis::template weights<Arch>(w, half[c]);
  });
  unroll<points>([&](auto i) TILEWISE_INLINE {
    const V w[3] = {half[0][i], half[1][i], half[2][i]};
    V t[points];
    Axis::template weights<Arch>(w, t);
    unroll<points>([&](auto j) TILEWISE_INLINE { store<Arch>(slices + (i * points + j) * args.slice_step, t[j]); });
  });
}

template <class Arch, class Axis>
void separable_weight_slices_adjoint(float* taps, const float* slices, const WeightSlicesArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int points = Axis::slots;
  V half[3][points];
  unroll<points>([&](auto i) TILEWISE_INLINE {
    V t[points], w[3];
    unroll<points>([&](auto j) TILEWISE_INLINE { t[j] = load<Arch>(slices + (i * points + j) * args.slice_step); });
    Axis::template weights_adjoint<Arch>(t, w);
    unroll<3>([&](auto c) TILEWISE_INLINE { half[c][i] = w[c]; });
  });
  unroll<3>([&](auto c) TILEWISE_INLINE {
    V w[3];
    Axis::template weights_adjoint<Arch>(half[c], w);
    unroll<3>([&](auto r) TILEWISE_INLINE { store<Arch>(taps + r * args.tap_row + c * args.tap_column, w[r]); });
  });
}

}  // namespace
}  // namespace tilewise::kernels
