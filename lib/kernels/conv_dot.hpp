#pragma once

#include "kernels/conv_direct.hpp"

// Convolution with few output channels: vectors of input channels, whose sums are added up at the end. A load of the
// weights serves all places of a tile.
namespace tilewise::kernels {
namespace {

template <class Arch>
constexpr int dot_vectors = dot_chains / lanes<Arch>;

/// The first n channels, 0 <= n, of a vector; the others are zero.
template <class Arch>
[[gnu::always_inline]] inline Vec<Arch> load_at_most(const float* from, std::int64_t n) {
  if (n <= 0) return Vec<Arch>(0.f);
  return load_first<Arch>(from, n < lanes<Arch> ? n : lanes<Arch>);
}

template <class Arch, int Places>
[[gnu::always_inline]] inline void add_dot_products(Vec<Arch> (&sum)[Places][dot_vectors<Arch>], const float* in,
                                                    std::int64_t in_step, const float* weights, std::int64_t length) {
  constexpr int width = lanes<Arch>, vectors = dot_vectors<Arch>;
  std::int64_t k = 0;
  for (; k + dot_chains <= length; k += dot_chains)
    unroll<vectors>([&](auto v) TILEWISE_INLINE {
      const Vec<Arch> w = load<Arch>(weights + k + v * width);
      unroll<Places>([&](auto p) TILEWISE_INLINE {
        sum[p][v] = fma<Arch>(load<Arch>(in + p * in_step + k + v * width), w, sum[p][v]);
      });
    });
  if (k == length) return;
  unroll<vectors>([&](auto v) TILEWISE_INLINE {
    const std::int64_t from = k + v * width;
    const Vec<Arch> w = load_at_most<Arch>(weights + from, length - from);
    unroll<Places>([&](auto p) TILEWISE_INLINE {
      sum[p][v] = fma<Arch>(load_at_most<Arch>(in + p * in_step + from, length - from), w, sum[p][v]);
    });
  });
}

template <class Arch, int Places>
void conv_dot_places(const ConvDotTileArgs<float>& shared_args, std::int64_t first) {
  const ConvDotTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  constexpr int width = lanes<Arch>, vectors = dot_vectors<Arch>;
  Vec<Arch> sum[Places][vectors];
  unroll<Places>([&](auto p)
                     TILEWISE_INLINE { unroll<vectors>([&](auto v) TILEWISE_INLINE { sum[p][v] = Vec<Arch>(0.f); }); });
  std::int64_t columns = args.columns;
  std::int64_t length = args.in_channels;
  if (length % dot_chains == 0 && args.in_column == length && args.weights_column == length) {
    length *= columns;  // neighbouring columns are one long row of channels
    columns = 1;
  }
  const float* in = args.in + first * args.in_step;
  for (std::int64_t r = 0; r < args.rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c)
      add_dot_products<Arch, Places>(sum, in + r * args.in_row + c * args.in_column, args.in_step,
                                     args.weights + r * args.weights_row + c * args.weights_column, length);
  alignas(64) float chains[Places][dot_chains];
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    unroll<vectors>([&](auto v) TILEWISE_INLINE { store<Arch>(chains[p] + v * width, sum[p][v]); });
  });
  for (int p = 0; p < Places; ++p) {
    unroll<4>([&](auto step) TILEWISE_INLINE {
      constexpr int distance = dot_chains >> (step.value + 1);
      for (int j = 0; j < distance; ++j) chains[p][j] += chains[p][j + distance];
    });
    const float result = args.start + chains[p][0];
    args.out[(first + p) * args.out_step] = args.activation == Activation::relu && result <= 0.f ? 0.f : result;
  }
}

template <class Arch, int... P>
void conv_dot_tiles(const ConvDotTileArgs<float>& args, std::integer_sequence<int, P...>) {
  using Kernel = void (*)(const ConvDotTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_places[] = {&conv_dot_places<Arch, P + 1>...};
  run_tiles(args, args.count, by_places);
}

/// Twelve sums at a time, so that their chains hide the latency of the multiply-adds.
template <class Arch>
void conv_dot_tile(const ConvDotTileArgs<float>& args) {
  conv_dot_tiles<Arch>(args, std::make_integer_sequence<int, 12 / dot_vectors<Arch>>{});
}

}  // namespace
}  // namespace tilewise::kernels
