#pragma once

#include "kernels/transform/tile.hpp"

// A transform that is the same real one along either axis: slice j * slots + i is point j of the rows, i of the
// columns. Axis gives the maps of one axis (winograd2.hpp). Each function does one vector of channels.
namespace tilewise::kernels {
namespace {

template <class Arch, class Axis, bool Adjoint>
[[gnu::always_inline]] inline void to_points(const Vec<Arch>* x, Vec<Arch>* t) {
  if constexpr (Adjoint)
    Axis::template output_adjoint<Arch>(x, t);
  else
    Axis::template input<Arch>(x, t);
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::always_inline]] inline void from_points(const Vec<Arch>* t, Vec<Arch>* y) {
  if constexpr (Adjoint)
    Axis::template input_adjoint<Arch>(t, y);
  else
    Axis::template output<Arch>(t, y);
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_to_half(const ToHalfArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int from = Adjoint ? Axis::outputs : Axis::slots, points = Axis::slots;
  float* const half = half_tile_at(args.half, points, channel);
  for (int r = 0; r < from; ++r) {
    if (!has_slot(args.rows, r)) continue;
    const float* const row = args.map + place_of(args.rows, r, points) * args.row_step + channel;
    V x[from], t[points];
    unroll<from>([&](auto c) TILEWISE_INLINE {
      x[c] =
          has_slot(args.columns, c) ? load<Arch>(row + place_of(args.columns, c, points) * args.column_step) : V(0.f);
    });
    to_points<Arch, Axis, Adjoint>(x, t);
    unroll<points>([&](auto j) TILEWISE_INLINE { store<Arch>(half + half_place(points, j, r), t[j]); });
  }
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int from = Adjoint ? Axis::outputs : Axis::slots, points = Axis::slots;
  const float* const half = half_tile_at(args.half, points, channel);
  const std::int64_t slice_step = args.slice_step;
  const TileAxis rows = args.rows;
  float* slices = args.slices + channel;
  for (int j = args.groups.begin; j < args.groups.end; ++j, slices += points * slice_step) {
    V x[from], t[points];
    unroll<from>([&](auto r) TILEWISE_INLINE {
      x[r] = has_slot(rows, r) ? load<Arch>(half + half_place(points, j, r)) : V(0.f);
    });
    to_points<Arch, Axis, Adjoint>(x, t);
    unroll<points>([&](auto i) TILEWISE_INLINE { store<Arch>(slices + i * slice_step, t[i]); });
  }
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int to = Adjoint ? Axis::slots : Axis::outputs, points = Axis::slots;
  float* const half = half_tile_at(args.half, points, channel);
  const std::int64_t product_step = args.product_step;
  const TileAxis rows = args.rows;
  const float* products = args.products + channel;
  for (int j = args.groups.begin; j < args.groups.end; ++j, products += points * product_step) {
    V t[points], y[to];
    unroll<points>([&](auto i) TILEWISE_INLINE { t[i] = load<Arch>(products + i * product_step); });
    from_points<Arch, Axis, Adjoint>(t, y);
    unroll<to>([&](auto r) TILEWISE_INLINE {
      if (has_slot(rows, r)) store<Arch>(half + half_place(points, j, r), y[r]);
    });
  }
}

template <class Arch, class Axis, bool Adjoint>
[[gnu::noinline]] void separable_from_half(const FromHalfArgs<float>& args, std::int64_t channel) {
  using V = Vec<Arch>;
  constexpr int to = Adjoint ? Axis::slots : Axis::outputs, points = Axis::slots;
  const float* const half = half_tile_at(args.half, points, channel);
  const V bias = args.bias ? load<Arch>(args.bias + channel) : V(0.f);
  for (int r = 0; r < to; ++r) {
    if (!has_slot(args.rows, r)) continue;
    V t[points], y[to];
    unroll<points>([&](auto j) TILEWISE_INLINE { t[j] = load<Arch>(half + half_place(points, j, r)); });
    from_points<Arch, Axis, Adjoint>(t, y);
    write_row<Arch, points, to>(args, channel, r, y, bias);
  }
}

/// What the points have of each tap.
template <class Axis>
struct WeightMatrix {
  float of[Axis::slots][3];
  constexpr WeightMatrix() : of{} {
    for (int point = 0; point < Axis::slots; ++point)
      for (int tap = 0; tap < 3; ++tap) of[point][tap] = Axis::weight(point, tap);
  }
};
template <class Axis>
constexpr WeightMatrix<Axis> weight_matrix;

template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> weight_at(const float (&of_tap)[3], const Vec<Arch>* w) {
  return fma<Arch>(Vec<Arch>(of_tap[2]), w[2], fma<Arch>(Vec<Arch>(of_tap[1]), w[1], Vec<Arch>(of_tap[0]) * w[0]));
}

template <class Arch, class Axis>
void separable_weight_slices(const float* taps, float* slices, const WeightSlicesArgs<float>& args) {
  using V = Vec<Arch>;
  V w[3][3];
  unroll<9>([&](auto tap) TILEWISE_INLINE {
    constexpr int r = tap.value / 3, c = tap.value % 3;
    w[r][c] = load<Arch>(taps + r * args.tap_row + c * args.tap_column);
  });
  for (int j = args.groups.begin; j < args.groups.end; ++j) {
    V column[3], t[Axis::slots];
    unroll<3>([&](auto r) TILEWISE_INLINE { column[r] = weight_at<Arch>(weight_matrix<Axis>.of[j], w[r]); });
    Axis::template weights<Arch>(column, t);
    unroll<Axis::slots>([&](auto i) TILEWISE_INLINE { store<Arch>(slices + i * args.slice_step, t[i]); });
    slices += Axis::slots * args.slice_step;
  }
}

template <class Arch, class Axis>
void separable_weight_half(const float* slices, float* half, const WeightHalfArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int points = Axis::slots;
  for (int j = args.groups.begin; j < args.groups.end; ++j) {
    V t[points], w[3];
    unroll<points>([&](auto i) TILEWISE_INLINE { t[i] = load<Arch>(slices + i * args.slice_step); });
    Axis::template weights_adjoint<Arch>(t, w);
    unroll<3>([&](auto r)
                  TILEWISE_INLINE { store_sum<Arch>(half + (j * 3 + r) * args.half_step, w[r], args.accumulate); });
    slices += points * args.slice_step;
  }
}

template <class Arch, class Axis>
void separable_weight_taps(const float* half, float* taps, const WeightTapsArgs<float>& args) {
  using V = Vec<Arch>;
  constexpr int points = Axis::slots;
  for (int r = 0; r < 3; ++r) {
    V t[points], w[3];
    unroll<points>([&](auto j) TILEWISE_INLINE { t[j] = load<Arch>(half + (j * 3 + r) * args.half_step); });
    Axis::template weights_adjoint<Arch>(t, w);
    unroll<3>([&](auto c) TILEWISE_INLINE { store<Arch>(taps + r * args.tap_row + c * args.tap_column, w[c]); });
  }
}

}  // namespace
}  // namespace tilewise::kernels
