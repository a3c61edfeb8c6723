#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// What all transforms share: a tile of one vector of channels, read from and written to its map slot by slot.
namespace tilewise::kernels {
namespace {

[[gnu::always_inline]] inline bool has_slot(const TileAxis& axis, int slot) {
  return (axis.on_map >> slot & 1) != 0;
}

/// Whether the first `count` slots, and no others, lie on the map, at places of their own number.
[[gnu::always_inline]] inline bool is_leading(const TileAxis& axis, int count) {
  return axis.on_map == (1u << count) - 1;
}

/// Where slot `slot` of `slots` lies.
[[gnu::always_inline]] inline std::int64_t place_of(const TileAxis& axis, int slot, int slots) {
  return slot == slots - 1 ? axis.last : slot;
}

/// The half-transformed tile of the vector of channels that begins with `channel`, and there the place of a row's
/// coefficient.
template <class T>
[[gnu::always_inline]] inline T* half_tile_at(T* half, std::int64_t slots, std::int64_t channel) {
  return half + half_tile_elements(slots, channel / transform_channels * transform_channels) +
         channel % transform_channels;
}
[[gnu::always_inline]] inline std::int64_t half_place(std::int64_t slots, std::int64_t coefficient, std::int64_t row) {
  return (coefficient * slots + row) * transform_channels;
}

/// *to = x, or += x.
template <class Arch>
[[gnu::always_inline]] inline void store_sum(float* to, Vec<Arch> x, bool accumulate) {
  store<Arch>(to, accumulate ? load<Arch>(to) + x : x);
}

/// f(args, first channel) for each whole vector of channels; the rest goes through a tile of one vector in `buffer`
/// (slots x slots x lanes), filled up with zeros.
template <class Arch, int Slots, class F>
[[gnu::always_inline]] inline void for_each_vector_of_tile(const ToHalfArgs<float>& args, const F& f) {
  std::int64_t k = 0;
  for (; k + lanes<Arch> <= args.channels; k += lanes<Arch>) f(args, k);
  if (k < args.channels) {
    alignas(64) float buffer[Slots * Slots * lanes<Arch>];
    ToHalfArgs<float> rest = args;
    rest.map = buffer;
    rest.half = half_tile_at(args.half, Slots, k);
    rest.row_step = Slots * lanes<Arch>;
    rest.column_step = lanes<Arch>;
    rest.rows.last = rest.columns.last = Slots - 1;
    for (int r = 0; r < Slots; ++r)
      for (int c = 0; c < Slots; ++c)
        if (has_slot(args.rows, r) && has_slot(args.columns, c))
          store<Arch>(buffer + (r * Slots + c) * lanes<Arch>,
                      load_first<Arch>(args.map + place_of(args.rows, r, Slots) * args.row_step +
                                           place_of(args.columns, c, Slots) * args.column_step + k,
                                       args.channels - k));
    f(rest, 0);
    k += lanes<Arch>;
  }
  // Narrow vectors leave some of the last transform_channels.
  for (; k % transform_channels != 0; k += lanes<Arch>)
    for (int r = 0; r < Slots; ++r)
      for (int i = 0; has_slot(args.rows, r) && i < Slots; ++i)
        store<Arch>(half_tile_at(args.half, Slots, k) + half_place(Slots, i, r), Vec<Arch>(0.f));
}

/// The same on the way back: the rest is made in a buffer, without bias and activation, and finished from there.
template <class Arch, int Slots, class F>
[[gnu::always_inline]] inline void for_each_vector_of_tile(const FromHalfArgs<float>& args, const F& f) {
  std::int64_t k = 0;
  for (; k + lanes<Arch> <= args.channels; k += lanes<Arch>) f(args, k);
  if (k == args.channels) return;
  alignas(64) float buffer[Slots * Slots * lanes<Arch>];
  FromHalfArgs<float> rest = args;
  rest.map = buffer;
  rest.half = half_tile_at(args.half, Slots, k);
  rest.bias = nullptr;
  rest.activation = Activation::none;
  rest.row_step = Slots * lanes<Arch>;
  rest.column_step = lanes<Arch>;
  rest.rows.last = rest.columns.last = Slots - 1;
  rest.accumulate_rows = rest.accumulate_columns = 0;
  f(rest, 0);
  const std::int64_t width = args.channels - k;
  for (int r = 0; r < Slots; ++r)
    for (int c = 0; c < Slots; ++c) {
      if (!has_slot(args.rows, r) || !has_slot(args.columns, c)) continue;
      float* const to = args.map + place_of(args.rows, r, Slots) * args.row_step +
                        place_of(args.columns, c, Slots) * args.column_step + k;
      Vec<Arch> x = load<Arch>(buffer + (r * Slots + c) * lanes<Arch>);
      if (args.bias) x = x + load_first<Arch>(args.bias + k, width);
      if (args.activation == Activation::relu) x = relu<Arch>(x);
      if ((args.accumulate_rows >> r & 1) || (args.accumulate_columns >> c & 1)) x = x + load_first<Arch>(to, width);
      store_first<Arch>(to, x, width);
    }
}

/// Writes the first Count values of a row of the map.
template <class Arch, int Slots, int Count>
[[gnu::always_inline]] inline void write_row(const FromHalfArgs<float>& args, std::int64_t k, int row,
                                             const Vec<Arch> (&values)[Count], Vec<Arch> bias) {
  float* const to = args.map + place_of(args.rows, row, Slots) * args.row_step + k;
  const auto write = [&](auto finish) TILEWISE_INLINE {
    unroll<Count>([&](auto c) TILEWISE_INLINE {
      if (!has_slot(args.columns, c)) return;
      float* const place = to + place_of(args.columns, c, Slots) * args.column_step;
      store<Arch>(place, finish(values[c], place, c.value));
    });
  };
  if (args.activation == Activation::relu)
    write([&](Vec<Arch> x, const float*, int) TILEWISE_INLINE { return relu<Arch>(x + bias); });
  else if (args.bias)
    write([&](Vec<Arch> x, const float*, int) TILEWISE_INLINE { return x + bias; });
  else if (args.accumulate_rows >> row & 1)
    write([&](Vec<Arch> x, const float* place, int) TILEWISE_INLINE { return x + load<Arch>(place); });
  else if (args.accumulate_columns == 0)
    write([&](Vec<Arch> x, const float*, int) TILEWISE_INLINE { return x; });
  else
    write([&](Vec<Arch> x, const float* place, int c)
              TILEWISE_INLINE { return args.accumulate_columns >> c & 1 ? x + load<Arch>(place) : x; });
}

}  // namespace
}  // namespace tilewise::kernels
