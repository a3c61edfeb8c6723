#pragma once

#include "kernels/conv_direct.hpp"

// Depthwise convolution: vectors of channels, each channel by itself. A tile holds so many sums that their chains hide
// the latency of the multiply-adds; each of those costs one load.
namespace tilewise::kernels {
namespace {

/// Vector v of `Vectors`, of which with IsPartial the last has only `last_width` channels.
template <class Arch, int Vectors, bool IsPartial, int V>
[[gnu::always_inline]] inline Vec<Arch> load_channels(const float* from, Constant<V>, std::int64_t last_width) {
  if constexpr (IsPartial && V == Vectors - 1)
    return load_first<Arch>(from + V * lanes<Arch>, last_width);
  else
    return load<Arch>(from + V * lanes<Arch>);
}

template <class Arch, int Group, int J, int... I>
[[gnu::always_inline]] inline Vec<Arch> members(Vec<Arch> x, std::integer_sequence<int, I...>) {
  const typename Vec<Arch>::register_type raw = x;
  return Vec<Arch>(__builtin_shufflevector(raw, raw, (I / Group * Group + J)...));
}

/// In each lane n of x the J-th element of its group, x[n - n % Group + J].
template <class Arch, int Group, int J>
[[gnu::always_inline]] inline Vec<Arch> members(Vec<Arch> x) {
  if constexpr (Group == 1)
    return x;
  else
    return members<Arch, Group, J>(x, std::make_integer_sequence<int, lanes<Arch>>{});
}

template <class Arch, int Group, int Places, int Vectors, int BlockVectors, bool IsPartial>
[[gnu::always_inline]] inline void depthwise_sums(Vec<Arch> (&sum)[Places][Vectors],
                                                  const DepthwiseTileArgs<float>& args, std::int64_t first,
                                                  std::int64_t last_width) {
  constexpr int width = lanes<Arch>;
  for (std::int64_t r = 0; r < args.rows; ++r) {
    const float* in = args.in + first * args.in_step + r * args.in_row;
    const float* weights = args.weights + r * args.weights_row;
    for (std::int64_t c = 0; c < args.columns; ++c) {
      unroll<Group>([&](auto j) TILEWISE_INLINE {
        Vec<Arch> w[Vectors];
        unroll<Vectors>([&](auto v) TILEWISE_INLINE {
          w[v] = load<Arch>(weights + j * channel_block<Arch, BlockVectors> + v * width);
        });
        unroll<Places>([&](auto p) TILEWISE_INLINE {
          unroll<Vectors>([&](auto v) TILEWISE_INLINE {
            const Vec<Arch> x = load_channels<Arch, Vectors, IsPartial>(in + p * args.in_step, v, last_width);
            sum[p][v] = fma<Arch>(members<Arch, Group, j.value>(x), w[v], sum[p][v]);
          });
        });
      });
      in += args.in_column;
      weights += args.weights_column;
    }
  }
}

template <class Arch, int Group, int Places, int Vectors, int BlockVectors>
void depthwise_places(const DepthwiseTileArgs<float>& shared_args, std::int64_t first) {
  const DepthwiseTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  constexpr int width = lanes<Arch>;
  const std::int64_t last_width = args.channels - (Vectors - 1) * width;
  Vec<Arch> sum[Places][Vectors];
  unroll<Vectors>([&](auto v) TILEWISE_INLINE {
    const Vec<Arch> start = args.bias ? load<Arch>(args.bias + v * width) : Vec<Arch>(0.f);
    unroll<Places>([&](auto p) TILEWISE_INLINE { sum[p][v] = start; });
  });
  if (last_width == width)
    depthwise_sums<Arch, Group, Places, Vectors, BlockVectors, false>(sum, args, first, last_width);
  else
    depthwise_sums<Arch, Group, Places, Vectors, BlockVectors, true>(sum, args, first, last_width);
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    if (args.activation == Activation::relu)
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[p][v] = relu<Arch>(sum[p][v]); });
    float* row = args.out + (first + p) * args.out_step;
    unroll<Vectors - 1>([&](auto v) TILEWISE_INLINE { store<Arch>(row + v * width, sum[p][v]); });
    store_first<Arch>(row + (Vectors - 1) * width, sum[p][Vectors - 1], last_width);
  });
}

template <class Arch, int Group, int BlockVectors, int Vectors, int... P>
void depthwise_tile_of_vectors(const DepthwiseTileArgs<float>& args, std::integer_sequence<int, P...>) {
  using Kernel = void (*)(const DepthwiseTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_places[] = {&depthwise_places<Arch, Group, P + 1, Vectors, BlockVectors>...};
  run_tiles(args, args.count, by_places);
}

/// f(Constant<group>) for the sizes of groups that there are.
template <class F>
[[gnu::always_inline]] inline void with_group(std::int32_t group, const F& f) {
  if (group == 1)
    f(Constant<1>{});
  else if (group == 2)
    f(Constant<2>{});
  else
    f(Constant<4>{});
}

template <class Arch, int MaxPlaces, int BlockVectors>
void depthwise_tile(const DepthwiseTileArgs<float>& args) {
  unroll<BlockVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if ((args.channels + lanes<Arch> - 1) / lanes<Arch> == vectors)
      with_group(args.group, [&](auto group) TILEWISE_INLINE {
        depthwise_tile_of_vectors<Arch, group.value, BlockVectors, vectors>(
            args, std::make_integer_sequence<int, MaxPlaces>{});
      });
  });
}

/// sum[t * Group + j][v] += in[offset[t] + member j of v's groups] * out_gradient[v] over all places.
template <class Arch, int Group, int Taps, int Vectors, bool IsPartial>
[[gnu::always_inline]] inline void depthwise_weights_sums(Vec<Arch> (&sum)[Taps * Group][Vectors],
                                                          const DepthwiseWeightsTileArgs<float>& args,
                                                          const std::int64_t (&offset)[Taps], std::int64_t last_width) {
  for (std::int64_t i = 0; i < args.images; ++i)
    for (std::int64_t p = 0; p < args.rows; ++p) {
      const float* in = args.in + i * args.in_image + p * args.in_row;
      const float* out_gradient = args.out_gradient + i * args.out_image + p * args.out_row;
      for (std::int64_t q = 0; q < args.columns; ++q) {
        Vec<Arch> g[Vectors];
        unroll<Vectors>([&](auto v) TILEWISE_INLINE {
          g[v] = load_channels<Arch, Vectors, IsPartial>(out_gradient, v, last_width);
        });
        unroll<Taps>([&](auto t) TILEWISE_INLINE {
          unroll<Vectors>([&](auto v) TILEWISE_INLINE {
            const Vec<Arch> x = load_channels<Arch, Vectors, IsPartial>(in + offset[t], v, last_width);
            unroll<Group>([&](auto j) TILEWISE_INLINE {
              auto& row = sum[t * Group + j];
              row[v] = fma<Arch>(members<Arch, Group, j.value>(x), g[v], row[v]);
            });
          });
        });
        in += args.in_column;
        out_gradient += args.out_column;
      }
    }
}

/// Taps [first, first + Taps) of the rectangle, row after row.
template <class Arch, int Group, int Taps, int Vectors, int BlockVectors>
void depthwise_weights_taps(const DepthwiseWeightsTileArgs<float>& shared_args, std::int64_t first) {
  const DepthwiseWeightsTileArgs<float> args = shared_args;
  constexpr int width = lanes<Arch>;
  const std::int64_t last_width = args.channels - (Vectors - 1) * width;
  std::int64_t offset[Taps];
  float* gradient[Taps * Group];
  std::int64_t r = first / args.tap_columns, c = first % args.tap_columns;
  unroll<Taps>([&](auto t) TILEWISE_INLINE {
    offset[t] = r * args.tap_row + c * args.tap_column;
    unroll<Group>([&](auto j) TILEWISE_INLINE {
      gradient[t * Group + j] = args.weights_gradient + r * args.weights_row + c * args.weights_column +
                                j * channel_block<Arch, BlockVectors>;
    });
    if (++c == args.tap_columns) {
      c = 0;
      ++r;
    }
  });
  Vec<Arch> sum[Taps * Group][Vectors];
  unroll<Taps * Group>([&](auto t) TILEWISE_INLINE {
    unroll<Vectors>(
        [&](auto v) TILEWISE_INLINE { sum[t][v] = load_channels<Arch, Vectors, true>(gradient[t], v, last_width); });
  });
  if (last_width == width)
    depthwise_weights_sums<Arch, Group, Taps, Vectors, false>(sum, args, offset, last_width);
  else
    depthwise_weights_sums<Arch, Group, Taps, Vectors, true>(sum, args, offset, last_width);
  unroll<Taps * Group>([&](auto t) TILEWISE_INLINE {
    unroll<Vectors - 1>([&](auto v) TILEWISE_INLINE { store<Arch>(gradient[t] + v * width, sum[t][v]); });
    store_first<Arch>(gradient[t] + (Vectors - 1) * width, sum[t][Vectors - 1], last_width);
  });
}

template <class Arch, int Group, int BlockVectors, int Vectors, int... P>
void depthwise_weights_tile_of_vectors(const DepthwiseWeightsTileArgs<float>& args, std::integer_sequence<int, P...>) {
  using Kernel = void (*)(const DepthwiseWeightsTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_taps[] = {&depthwise_weights_taps<Arch, Group, P + 1, Vectors, BlockVectors>...};
  run_tiles(args, std::int64_t{args.tap_rows} * args.tap_columns, by_taps);
}

template <class Arch, int MaxTaps, int BlockVectors>
void depthwise_weights_tile(const DepthwiseWeightsTileArgs<float>& args) {
  unroll<BlockVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if ((args.channels + lanes<Arch> - 1) / lanes<Arch> == vectors)
      with_group(args.group, [&](auto group) TILEWISE_INLINE {
        constexpr int taps = MaxTaps >= group.value ? MaxTaps / group.value : 1;
        depthwise_weights_tile_of_vectors<Arch, group.value, BlockVectors, vectors>(
            args, std::make_integer_sequence<int, taps>{});
      });
  });
}

}  // namespace
}  // namespace tilewise::kernels
