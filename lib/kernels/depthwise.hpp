#pragma once

#include "kernels/conv_direct.hpp"
#include "kernels/depthwise_inputs.hpp"

// Depthwise convolution: vectors of channels, each channel by itself. A tile holds so many sums that their chains hide
// the latency of the multiply-adds; each of those costs one load.
namespace tilewise::kernels {
namespace {

/// whole(begin) for each whole block of the channels, then part(begin, count) for each vector of the rest.
template <class Arch, int BlockVectors, class Whole, class Part>
[[gnu::always_inline]] inline void for_blocks(std::int64_t channels, const Whole& whole, const Part& part) {
  constexpr std::int64_t block = channel_block<Arch, BlockVectors>;
  std::int64_t begin = 0;
  for (; begin + block <= channels; begin += block) whole(begin);
  for (; begin < channels; begin += lanes<Arch>)
    part(begin, channels - begin < lanes<Arch> ? channels - begin : std::int64_t{lanes<Arch>});
}

template <class Arch, int Places, int Vectors, int BlockVectors, class Inputs>
[[gnu::always_inline]] inline void depthwise_sums(Vec<Arch> (&sum)[Places][Vectors], const Inputs& inputs,
                                                  const DepthwiseTileArgs<float>& args, const float* in_base,
                                                  const float* weights_base) {
  for (std::int64_t r = 0; r < args.rows; ++r) {
    const float* in = in_base + r * args.in_row;
    const float* weights = weights_base + r * args.weights_row;
    for (std::int64_t c = 0; c < args.columns; ++c) {
      unroll<Inputs::members>([&](auto j) TILEWISE_INLINE {
        Vec<Arch> w[Vectors];
        unroll<Vectors>([&](auto v) TILEWISE_INLINE {
          w[v] = load<Arch>(weights + j * channel_block<Arch, BlockVectors> + v * lanes<Arch>);
        });
        unroll<Places>([&](auto p) TILEWISE_INLINE {
          unroll<Vectors>([&](auto v) TILEWISE_INLINE {
            sum[p][v] = fma<Arch>(inputs.member(inputs.load(in + p * args.in_step, v), j), w[v], sum[p][v]);
          });
        });
      });
      in += args.in_column;
      weights += args.weights_column;
    }
  }
}

/// Channels [begin, begin + channels) of places [first, first + Places): Vectors whole ones or, with IsPartial, less.
template <class Arch, class Sharing, int Places, int Vectors, int BlockVectors, bool IsPartial>
[[gnu::always_inline]] inline void depthwise_block(const DepthwiseTileArgs<float>& args, std::int64_t first,
                                                   std::int64_t begin, std::int64_t channels) {
  using Inputs = typename Sharing::template Inputs<Arch, Vectors, IsPartial>;
  constexpr std::int64_t block = channel_block<Arch, BlockVectors>;
  const Inputs inputs(args, begin, channels);
  const float* const bias = args.bias ? args.bias + begin : nullptr;
  Vec<Arch> sum[Places][Vectors];
  unroll<Vectors>([&](auto v) TILEWISE_INLINE {
    const Vec<Arch> start = bias ? load<Arch>(bias + v * lanes<Arch>) : Vec<Arch>(0.f);
    unroll<Places>([&](auto p) TILEWISE_INLINE { sum[p][v] = start; });
  });
  depthwise_sums<Arch, Places, Vectors, BlockVectors>(
      sum, inputs, args, args.in + first * args.in_step + inputs.begin,
      args.weights + begin / block * args.weights_block + begin % block);
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    if (args.activation == Activation::relu)
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[p][v] = relu<Arch>(sum[p][v]); });
    float* const out = args.out + (first + p) * args.out_step + begin;
    unroll<Vectors>([&](auto v)
                        TILEWISE_INLINE { store_channels<Arch, Vectors, IsPartial>(out, sum[p][v], v, channels); });
  });
}

template <class Arch, class Sharing, int Places, int BlockVectors>
void depthwise_places(const DepthwiseTileArgs<float>& shared_args, std::int64_t first) {
  const DepthwiseTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  for_blocks<Arch, BlockVectors>(
      args.channels,
      [&](std::int64_t begin) TILEWISE_INLINE {
        depthwise_block<Arch, Sharing, Places, BlockVectors, BlockVectors, false>(args, first, begin,
                                                                                  channel_block<Arch, BlockVectors>);
      },
      [&](std::int64_t begin, std::int64_t channels) TILEWISE_INLINE {
        depthwise_block<Arch, Sharing, Places, 1, BlockVectors, true>(args, first, begin, channels);
      });
}

template <class Arch, class Sharing, int BlockVectors, int... P>
void depthwise_tile_of(const DepthwiseTileArgs<float>& args, std::integer_sequence<int, P...>) {
  using Kernel = void (*)(const DepthwiseTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_places[] = {&depthwise_places<Arch, Sharing, P + 1, BlockVectors>...};
  run_tiles(args, args.count, by_places);
}

template <class Arch, int MaxPlaces, int BlockVectors>
void depthwise_tile(const DepthwiseTileArgs<float>& args) {
  with_sharing(args, [&](auto sharing) TILEWISE_INLINE {
    depthwise_tile_of<Arch, decltype(sharing), BlockVectors>(args, std::make_integer_sequence<int, MaxPlaces>{});
  });
}

/// sum[t * members + j][v] += member j of in[offset[t]]'s vector v * out_gradient[v] over all places.
template <class Arch, int Taps, int Vectors, bool IsPartial, class Inputs>
[[gnu::always_inline]] inline void depthwise_weights_sums(Vec<Arch> (&sum)[Taps * Inputs::members][Vectors],
                                                          const Inputs& inputs,
                                                          const DepthwiseWeightsTileArgs<float>& args,
                                                          const std::int64_t (&offset)[Taps], std::int64_t begin,
                                                          std::int64_t channels) {
  for (std::int64_t i = 0; i < args.images; ++i)
    for (std::int64_t p = 0; p < args.rows; ++p) {
      const float* in = args.in + i * args.in_image + p * args.in_row + inputs.begin;
      const float* out_gradient = args.out_gradient + i * args.out_image + p * args.out_row + begin;
      for (std::int64_t q = 0; q < args.columns; ++q) {
        Vec<Arch> g[Vectors];
        unroll<Vectors>(
            [&](auto v) TILEWISE_INLINE { g[v] = load_channels<Arch, Vectors, IsPartial>(out_gradient, v, channels); });
        unroll<Taps>([&](auto t) TILEWISE_INLINE {
          unroll<Vectors>([&](auto v) TILEWISE_INLINE {
            const Vec<Arch> x = inputs.load(in + offset[t], v);
            unroll<Inputs::members>([&](auto j) TILEWISE_INLINE {
              auto& row = sum[t * Inputs::members + j];
              row[v] = fma<Arch>(inputs.member(x, j), g[v], row[v]);
            });
          });
        });
        in += args.in_column;
        out_gradient += args.out_column;
      }
    }
}

/// Taps [first, first + Taps) of the rectangle, row after row, for channels [begin, begin + channels).
template <class Arch, class Sharing, int Taps, int Vectors, int BlockVectors, bool IsPartial>
[[gnu::always_inline]] inline void depthwise_weights_block(const DepthwiseWeightsTileArgs<float>& args,
                                                           std::int64_t first, std::int64_t begin,
                                                           std::int64_t channels) {
  using Inputs = typename Sharing::template Inputs<Arch, Vectors, IsPartial>;
  constexpr int members = Inputs::members;
  const Inputs inputs(args, begin, channels);
  std::int64_t offset[Taps];
  float* gradient[Taps * members];
  std::int64_t r = first / args.tap_columns, c = first % args.tap_columns;
  unroll<Taps>([&](auto t) TILEWISE_INLINE {
    offset[t] = r * args.tap_row + c * args.tap_column;
    unroll<members>([&](auto j) TILEWISE_INLINE {
      gradient[t * members + j] = args.weights_gradient + r * args.weights_row + c * args.weights_column +
                                  j * channel_block<Arch, BlockVectors> + begin;
    });
    if (++c == args.tap_columns) {
      c = 0;
      ++r;
    }
  });
  Vec<Arch> sum[Taps * members][Vectors];
  unroll<Taps * members>([&](auto t) TILEWISE_INLINE {
    unroll<Vectors>(
        [&](auto v) TILEWISE_INLINE { sum[t][v] = load_channels<Arch, Vectors, IsPartial>(gradient[t], v, channels); });
  });
  depthwise_weights_sums<Arch, Taps, Vectors, IsPartial>(sum, inputs, args, offset, begin, channels);
  unroll<Taps * members>([&](auto t) TILEWISE_INLINE {
    unroll<Vectors>(
        [&](auto v) TILEWISE_INLINE { store_channels<Arch, Vectors, IsPartial>(gradient[t], sum[t][v], v, channels); });
  });
}

template <class Arch, class Sharing, int Taps, int BlockVectors>
void depthwise_weights_taps(const DepthwiseWeightsTileArgs<float>& shared_args, std::int64_t first) {
  const DepthwiseWeightsTileArgs<float> args = shared_args;
  for_blocks<Arch, BlockVectors>(
      args.channels,
      [&](std::int64_t begin) TILEWISE_INLINE {
        depthwise_weights_block<Arch, Sharing, Taps, BlockVectors, BlockVectors, false>(
            args, first, begin, channel_block<Arch, BlockVectors>);
      },
      [&](std::int64_t begin, std::int64_t channels) TILEWISE_INLINE {
        depthwise_weights_block<Arch, Sharing, Taps, 1, BlockVectors, true>(args, first, begin, channels);
      });
}

template <class Arch, class Sharing, int BlockVectors, int... T>
void depthwise_weights_tile_of(const DepthwiseWeightsTileArgs<float>& args, std::integer_sequence<int, T...>) {
  using Kernel = void (*)(const DepthwiseWeightsTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_taps[] = {&depthwise_weights_taps<Arch, Sharing, T + 1, BlockVectors>...};
  run_tiles(args, std::int64_t{args.tap_rows} * args.tap_columns, by_taps);
}

template <class Arch, int MaxTaps, int BlockVectors>
void depthwise_weights_tile(const DepthwiseWeightsTileArgs<float>& args) {
  with_sharing(args, [&](auto sharing) TILEWISE_INLINE {
    constexpr int taps = MaxTaps / decltype(sharing)::members > 0 ? MaxTaps / decltype(sharing)::members : 1;
    depthwise_weights_tile_of<Arch, decltype(sharing), BlockVectors>(args, std::make_integer_sequence<int, taps>{});
  });
}

/// Plain loops: compilers make vectors of them where Times, which stands for args.times, is a constant.
template <int Times>
void fold_by(const FoldChannelsArgs<float>& args) {
  const std::int64_t times = Times > 0 ? Times : args.times;
  for (std::int64_t i = 0; i < args.count; ++i) {
    float sum = args.in[i * times];
    for (std::int64_t j = 1; j < times; ++j) sum += args.in[i * times + j];
    args.out[i] = sum;
  }
}

template <class Arch>
void fold_channels(const FoldChannelsArgs<float>& args) {
  if (args.times == 2)
    fold_by<2>(args);
  else if (args.times == 3)
    fold_by<3>(args);
  else if (args.times == 4)
    fold_by<4>(args);
  else
    fold_by<0>(args);
}

}  // namespace
}  // namespace tilewise::kernels
