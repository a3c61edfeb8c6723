#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

// Direct convolution: the two microkernels that hold a tile of sums in registers. A tile is `places` x `vectors`
// vectors of output channels: each step of the chain loads one row of weights, and each place's input broadcast, for
// places * vectors FMAs.
namespace tilewise::kernels {
namespace {

/// The step from one row of packed weights to the next.
template <class Arch, int BlockVectors>
constexpr int channel_block = lanes<Arch>* BlockVectors;

/// Asks for memory that is far away, a little with each step of a tile's sums, so that it comes while they are made.
struct Ahead {
  const char* next;
  std::int64_t step;  ///< bytes
  [[gnu::always_inline]] inline void ask() {
    __builtin_prefetch(next, 0, 2);  // into the second-level cache: the first is full of what the tile reads
    next += step;
  }
};
struct NothingAhead {
  [[gnu::always_inline]] inline void ask() {}
};

/// The hot loop of forward and backward-data, for `Places` places at each of `Positions` positions:
/// sum[q * Places + p][v] += in[q][p * in_step + k] * weights[k][v] for 0 <= k < length.
template <class Arch, int Positions, int Places, int Vectors, int BlockVectors, class Next>
[[gnu::always_inline]] inline void add_products(Vec<Arch> (&sum)[Positions * Places][Vectors],
                                                const float* const* first_in, std::int64_t in_offset,
                                                std::int64_t in_step, const float* weights, std::int64_t length,
                                                Next& ahead) {
  // A pointer serves a few places, for one each would not fit the registers, and the steps to them all would not
  // either.
  constexpr int shared = 4, pointers = (Places + shared - 1) / shared;
  const float* in[Positions][pointers];
  unroll<Positions>([&](auto q) TILEWISE_INLINE {
    unroll<pointers>([&](auto i) TILEWISE_INLINE { in[q][i] = first_in[q] + in_offset + i * shared * in_step; });
  });
  for (std::int64_t k = 0; k < length; ++k) {
    ahead.ask();
    Vec<Arch> w[Vectors];
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { w[v] = load<Arch>(weights + v * lanes<Arch>); });
    unroll<Positions>([&](auto q) TILEWISE_INLINE {
      unroll<Places>([&](auto p) TILEWISE_INLINE {
        const Vec<Arch> x(in[q][p / shared][p % shared * in_step]);
        auto& row = sum[q * Places + p];
        unroll<Vectors>([&](auto v) TILEWISE_INLINE { row[v] = fma<Arch>(x, w[v], row[v]); });
      });
      unroll<pointers>([&](auto i) TILEWISE_INLINE { ++in[q][i]; });
    });
    weights += channel_block<Arch, BlockVectors>;
  }
}

/// sum = the whole chains, start and all taps, of `Positions` output positions whose taps have the same weights. With
/// Ahead they have one row of taps.
template <class Arch, int Positions, int Places, int Vectors, int BlockVectors, class Next = NothingAhead>
[[gnu::always_inline]] inline void conv_sums(Vec<Arch> (&sum)[Positions * Places][Vectors],
                                             const ConvTileArgs<float>& args, const ConvTaps* taps, std::int64_t first,
                                             Next ahead = {}) {
  constexpr int width = lanes<Arch>;
  if (Positions == 1 && args.accumulate) {
    const float* out = args.out + first * args.out_step;
    unroll<Places>([&](auto p) TILEWISE_INLINE {
      const float* row = out + p * args.out_step;
      unroll<Vectors - 1>([&](auto v) TILEWISE_INLINE { sum[p][v] = load<Arch>(row + v * width); });
      sum[p][Vectors - 1] = load_first<Arch>(row + (Vectors - 1) * width, args.out_channels - (Vectors - 1) * width);
    });
  } else {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      const Vec<Arch> start = args.bias ? load<Arch>(args.bias + v * width) : Vec<Arch>(0.f);
      unroll<Positions * Places>([&](auto p) TILEWISE_INLINE { sum[p][v] = start; });
    });
  }
  const float* in[Positions];
  unroll<Positions>([&](auto q) TILEWISE_INLINE { in[q] = args.in + first * args.in_step + taps[q].in_offset; });
  const float* weights = args.weights + taps->weights_offset;
  if constexpr (std::is_same_v<Next, Ahead>) {
    for (std::int64_t c = 0; c < taps->columns; ++c) {
      Ahead of_column = ahead;
      of_column.next += c * args.ahead_column * static_cast<std::int64_t>(sizeof(float));
      add_products<Arch, Positions, Places, Vectors, BlockVectors>(
          sum, in, c * args.in_column, args.in_step, weights + c * args.weights_column, args.in_channels, of_column);
    }
  } else {
    std::int64_t columns = taps->columns;
    std::int64_t length = args.in_channels;
    if (args.in_column == length && args.weights_column == length * channel_block<Arch, BlockVectors>) {
      length *= columns;  // neighbouring columns are one long row of channels
      columns = 1;
    }
    for (std::int64_t r = 0; r < taps->rows; ++r)
      for (std::int64_t c = 0; c < columns; ++c)
        add_products<Arch, Positions, Places, Vectors, BlockVectors>(
            sum, in, r * args.in_row + c * args.in_column, args.in_step,
            weights + r * args.weights_row + c * args.weights_column, length, ahead);
  }
}

/// The part of `args.ahead` that falls to the tile of places [first, first + places), for a column of taps.
template <class Next>
[[gnu::always_inline]] inline Next ahead_of_tile(const ConvTileArgs<float>& args, std::int64_t first, int places) {
  if constexpr (std::is_same_v<Next, Ahead>) {
    const std::int64_t bytes = args.ahead_count * static_cast<std::int64_t>(sizeof(float)) / args.count;  // of a place
    return {reinterpret_cast<const char*>(args.ahead) + first * bytes, places * bytes / args.in_channels + 1};
  } else {
    return {};
  }
}

template <class Arch, int Places, int Vectors, int BlockVectors, class Next>
void conv_places(const ConvTileArgs<float>& shared_args, std::int64_t first) {
  const ConvTileArgs<float> args = shared_args;  // a copy of our own, which no store below can change
  constexpr int width = lanes<Arch>;
  Vec<Arch> sum[Places][Vectors];
  conv_sums<Arch, 1, Places, Vectors, BlockVectors>(sum, args, args.positions, first,
                                                    ahead_of_tile<Next>(args, first, Places));
  float* out = args.out + first * args.out_step;
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    if (args.activation == Activation::relu)
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[p][v] = relu<Arch>(sum[p][v]); });
    float* row = out + p * args.out_step;
    unroll<Vectors - 1>([&](auto v) TILEWISE_INLINE { store<Arch>(row + v * width, sum[p][v]); });
    store_first<Arch>(row + (Vectors - 1) * width, sum[p][Vectors - 1], args.out_channels - (Vectors - 1) * width);
  });
}

/// Writes vector V of one place: the activation of its largest sum, and that sum's position, given as bits of floats.
template <class Arch, int Vectors, int V>
[[gnu::always_inline]] inline void store_pooled(const ConvTileArgs<float>& args, std::int64_t place, Constant<V> v,
                                                Vec<Arch> best, Vec<Arch> position) {
  constexpr int width = lanes<Arch>;
  if (args.activation == Activation::relu) {
    position = xsimd::select(best > Vec<Arch>(0.f), position, as_floats<Arch>(IntVec<Arch>(dead_index_u8)));
    best = relu<Arch>(best);
  }
  float* out = args.out + place * args.out_step + v * width;
  const std::int64_t n = V < Vectors - 1 ? width : args.out_channels - (Vectors - 1) * width;
  if constexpr (V < Vectors - 1)
    store<Arch>(out, best);
  else
    store_first<Arch>(out, best, n);
  if (args.index) store_bytes<Arch>(args.index + place * args.index_step + v * width, as_integers<Arch>(position), n);
}

/// The same with a fused max-pool over args.positions.
template <class Arch, int Places, int Vectors, int BlockVectors>
void conv_pool_places(const ConvTileArgs<float>& shared_args, std::int64_t first) {
  const ConvTileArgs<float> args = shared_args;
  constexpr int width = lanes<Arch>;
  // In memory, for the sums take all registers; positions as bits of floats, to be selected by the same masks.
  alignas(64) float largest[Places][Vectors * width];
  alignas(64) float largest_position[Places][Vectors * width];
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      store<Arch>(largest[p] + v * width, Vec<Arch>(-__builtin_inff()));
      store<Arch>(largest_position[p] + v * width, Vec<Arch>(0.f));
    });
  });
  for (std::int32_t position = 0; position < args.position_count; ++position) {
    Vec<Arch> sum[Places][Vectors];
    conv_sums<Arch, 1, Places, Vectors, BlockVectors>(sum, args, args.positions + position, first);
    const Vec<Arch> number = as_floats<Arch>(IntVec<Arch>(position));
    unroll<Places>([&](auto p) TILEWISE_INLINE {
      unroll<Vectors>([&](auto v) TILEWISE_INLINE {
        float* best = largest[p] + v * width;
        float* best_position = largest_position[p] + v * width;
        const auto larger = is_larger<Arch>(sum[p][v], load<Arch>(best));
        store<Arch>(best, xsimd::select(larger, sum[p][v], load<Arch>(best)));
        store<Arch>(best_position, xsimd::select(larger, number, load<Arch>(best_position)));
      });
    });
  }
  for (int p = 0; p < Places; ++p)
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      store_pooled<Arch, Vectors>(args, first + p, v, load<Arch>(largest[p] + v * width),
                                  load<Arch>(largest_position[p] + v * width));
    });
}

/// The pool of 2x2 positions that have the same taps, as most have: all their sums are in registers at once.
template <class Arch, int Places, int Vectors, int BlockVectors>
void conv_pool4_places(const ConvTileArgs<float>& shared_args, std::int64_t first) {
  const ConvTileArgs<float> args = shared_args;
  Vec<Arch> sum[4 * Places][Vectors];
  conv_sums<Arch, 4, Places, Vectors, BlockVectors>(sum, args, args.positions, first);
  unroll<Places>([&](auto p) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE {
      Vec<Arch> best = sum[p][v];
      Vec<Arch> best_position(0.f);
      unroll<3>([&](auto q) TILEWISE_INLINE {
        const Vec<Arch> candidate = sum[(q + 1) * Places + p][v];
        const auto larger = is_larger<Arch>(candidate, best);
        best = xsimd::select(larger, candidate, best);
        best_position = xsimd::select(larger, as_floats<Arch>(IntVec<Arch>(q + 1)), best_position);
      });
      store_pooled<Arch, Vectors>(args, first + p, v, best, best_position);
    });
  });
}

/// Runs by_places[n - 1] on n places at a time, in even tiles: 32 places by at most 12 go as 11 + 11 + 10.
template <class Args, int MaxPlaces>
void run_tiles(const Args& args, std::int64_t count, void (*const (&by_places)[MaxPlaces])(const Args&, std::int64_t)) {
  std::int64_t first = 0;
  for (std::int64_t tiles = (count + MaxPlaces - 1) / MaxPlaces; tiles > 0; --tiles) {
    const std::int64_t places = (count - first + tiles - 1) / tiles;
    by_places[places - 1](args, first);
    first += places;
  }
}

inline bool have_same_taps(const ConvTaps* positions, std::int32_t count) {
  for (std::int32_t q = 1; q < count; ++q)
    if (positions[q].weights_offset != positions->weights_offset || positions[q].rows != positions->rows ||
        positions[q].columns != positions->columns)
      return false;
  return true;
}

/// The kernels are made for every size of a tile, by size - 1, so that remainders too have their sums in registers.
template <class Arch, int BlockVectors, int Vectors, int... P, int... P4>
void conv_tile_of_vectors(const ConvTileArgs<float>& args, std::integer_sequence<int, P...>,
                          std::integer_sequence<int, P4...>) {
  using Kernel = void (*)(const ConvTileArgs<float>&, std::int64_t);
  static constexpr Kernel plain[] = {&conv_places<Arch, P + 1, Vectors, BlockVectors, NothingAhead>...};
  static constexpr Kernel asking[] = {&conv_places<Arch, P + 1, Vectors, BlockVectors, Ahead>...};
  static constexpr Kernel pool[] = {&conv_pool_places<Arch, P + 1, Vectors, BlockVectors>...};
  static constexpr Kernel pool4[] = {&conv_pool4_places<Arch, P4 + 1, Vectors, BlockVectors>...};
  // A tile of one place at four positions has fewer chains than one of many places at one, too few to keep busy.
  constexpr bool quarters = sizeof...(P4) > 1;
  // A single tile has no time to spare: the next weights take as long to come as its own do to be used.
  if (args.position_count == 1 && args.ahead && args.count > static_cast<int>(sizeof...(P)) &&
      args.positions->rows == 1)
    run_tiles(args, args.count, asking);
  else if (args.position_count == 1)
    run_tiles(args, args.count, plain);
  else if (quarters && args.position_count == 4 && have_same_taps(args.positions, 4))
    run_tiles(args, args.count, pool4);
  else
    run_tiles(args, args.count, pool);
}

template <class Arch, int MaxPlaces, int BlockVectors>
void conv_tile(const ConvTileArgs<float>& args) {
  unroll<BlockVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if ((args.out_channels + lanes<Arch> - 1) / lanes<Arch> == vectors)
      conv_tile_of_vectors<Arch, BlockVectors, vectors>(args, std::make_integer_sequence<int, MaxPlaces>{},
                                                        std::make_integer_sequence<int, MaxPlaces / 4>{});
  });
}

/// One tile of `Rows` rows of a tap's weights: gradient[k][v] += in[k] * out_gradient[v] over all places. In one loop
/// it also asks, at each place, for an input `ahead` and for `next_step` floats of the gradient two tiles ahead.
template <class Arch, int Rows, int Vectors, int BlockVectors, bool OneLoop>
[[gnu::always_inline]] inline void conv_weights_rows(const ConvWeightsTileArgs<float>& args, const float* first_in,
                                                     const float* first_out_gradient, float* gradient,
                                                     [[maybe_unused]] std::int64_t next_step) {
  constexpr int width = lanes<Arch>;
  constexpr std::int64_t block = channel_block<Arch, BlockVectors>;
  const std::int64_t last_width = args.out_channels - (Vectors - 1) * width;
  Vec<Arch> sum[Rows][Vectors];
  if (args.accumulate)
    unroll<Rows>([&](auto k) TILEWISE_INLINE {
      unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[k][v] = load<Arch>(gradient + k * block + v * width); });
    });
  else
    unroll<Rows>([&](auto k)
                     TILEWISE_INLINE { unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[k][v] = Vec<Arch>(0.f); }); });
  [[maybe_unused]] const float* next = gradient + 2 * Rows * block;
  const auto add_columns = [&](auto is_partial, const float* in, const float* out_gradient) TILEWISE_INLINE {
    for (std::int64_t c = 0; c < args.columns; ++c) {
      if constexpr (OneLoop) {
        __builtin_prefetch(in + args.ahead);
        __builtin_prefetch(next, 1);
        next += next_step;
      }
      Vec<Arch> g[Vectors];
      unroll<Vectors - is_partial.value>([&](auto v) TILEWISE_INLINE { g[v] = load<Arch>(out_gradient + v * width); });
      if constexpr (is_partial.value)
        g[Vectors - 1] = load_first<Arch>(out_gradient + (Vectors - 1) * width, last_width);
      unroll<Rows>([&](auto k) TILEWISE_INLINE {
        const Vec<Arch> x(in[k]);
        unroll<Vectors>([&](auto v) TILEWISE_INLINE { sum[k][v] = fma<Arch>(x, g[v], sum[k][v]); });
      });
      in += args.in_column;
      out_gradient += args.out_column;
    }
  };
  const auto add_places = [&](auto is_partial) TILEWISE_INLINE {
    if constexpr (OneLoop)
      add_columns(is_partial, first_in, first_out_gradient);
    else
      for (std::int64_t i = 0; i < args.images; ++i)
        for (std::int64_t r = 0; r < args.rows; ++r)
          add_columns(is_partial, first_in + i * args.in_image + r * args.in_row,
                      first_out_gradient + i * args.out_image + r * args.out_row);
  };
  if (last_width == width)
    add_places(Constant<0>{});
  else
    add_places(Constant<1>{});
  unroll<Rows>([&](auto k) TILEWISE_INLINE {
    unroll<Vectors>([&](auto v) TILEWISE_INLINE { store<Arch>(gradient + k * block + v * width, sum[k][v]); });
  });
  // Columns from out_channels on are zero by contract, whatever was there and whatever 0 * in made of it.
  if (args.out_channels < block)
    for (int k = 0; k < Rows; ++k)
      for (std::int64_t n = args.out_channels; n < block; ++n) gradient[k * block + n] = 0.f;
}

template <class Arch, int Rows, int Vectors, int BlockVectors>
void conv_weights_nested(const ConvWeightsTileArgs<float>& args, std::int64_t first) {
  conv_weights_rows<Arch, Rows, Vectors, BlockVectors, false>(
      args, args.in + first, args.out_gradient, args.weights_gradient + first * channel_block<Arch, BlockVectors>, 0);
}

/// `tiles` tiles one after the other in one function, for dense has tiles so short that a call for each would show.
/// Pointers come as arguments, for what was just stored into a struct is slow to load from it.
template <class Arch, int Rows, int Vectors, int BlockVectors>
void conv_weights_one_loop(const ConvWeightsTileArgs<float>& args, const float* in, float* gradient,
                           std::int64_t tiles) {
  constexpr std::int64_t tile = Rows * channel_block<Arch, BlockVectors>;
  const std::int64_t next_step = args.columns > 0 ? (tile - 1) / args.columns + 1 : 0;
  for (; tiles > 0; --tiles) {
    conv_weights_rows<Arch, Rows, Vectors, BlockVectors, true>(args, in, args.out_gradient, gradient, next_step);
    in += Rows;
    gradient += tile;
  }
}

/// The same sum with as few nested loops as its strides allow: a 1x1 convolution has one, over all places.
inline ConvWeightsTileArgs<float> with_merged_loops(ConvWeightsTileArgs<float> args) {
  if (args.columns == 1 ||
      (args.in_row == args.columns * args.in_column && args.out_row == args.columns * args.out_column)) {
    if (args.columns == 1) {
      args.in_column = args.in_row;
      args.out_column = args.out_row;
    }
    args.columns *= args.rows;
    args.rows = 1;
  }
  if (args.rows == 1 && (args.columns == 1 || (args.in_image == args.columns * args.in_column &&
                                               args.out_image == args.columns * args.out_column))) {
    if (args.columns == 1) {
      args.in_column = args.in_image;
      args.out_column = args.out_image;
    }
    args.columns *= args.images;
    args.images = 1;
  }
  return args;
}

template <class Arch, int BlockVectors, int Vectors, int... R>
void conv_weights_tile_nested(const ConvWeightsTileArgs<float>& args, std::integer_sequence<int, R...>) {
  using Kernel = void (*)(const ConvWeightsTileArgs<float>&, std::int64_t);
  static constexpr Kernel by_rows[] = {&conv_weights_nested<Arch, R + 1, Vectors, BlockVectors>...};
  run_tiles(args, args.in_channels, by_rows);
}

template <class Arch, int BlockVectors, int Vectors, int... R>
void conv_weights_tile_one_loop(const ConvWeightsTileArgs<float>& args, std::integer_sequence<int, R...>) {
  using Kernel = void (*)(const ConvWeightsTileArgs<float>&, const float*, float*, std::int64_t);
  static constexpr Kernel by_rows[] = {&conv_weights_one_loop<Arch, R + 1, Vectors, BlockVectors>...};
  constexpr std::int64_t most = sizeof...(R);
  if (args.in_channels == 0) return;
  // Even tiles, the higher ones first.
  const std::int64_t tiles = (args.in_channels + most - 1) / most, low = args.in_channels / tiles;
  const std::int64_t high_tiles = args.in_channels % tiles, high_rows = high_tiles * (low + 1);
  if (high_tiles > 0) by_rows[low](args, args.in, args.weights_gradient, high_tiles);
  by_rows[low - 1](args, args.in + high_rows, args.weights_gradient + high_rows * channel_block<Arch, BlockVectors>,
                   tiles - high_tiles);
}

template <class Arch, int MaxRows, int BlockVectors>
[[gnu::noinline]] void conv_weights_merged(const ConvWeightsTileArgs<float>& unmerged) {
  const ConvWeightsTileArgs<float> args = with_merged_loops(unmerged);
  unroll<BlockVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if ((args.out_channels + lanes<Arch> - 1) / lanes<Arch> == vectors)
      conv_weights_tile_nested<Arch, BlockVectors, vectors>(args, std::make_integer_sequence<int, MaxRows>{});
  });
}

/// What asks for memory ahead is apart from what merges loops, where GCC copies arguments by vectors: those would wait
/// for all the sums before.
template <class Arch, int MaxRows, int BlockVectors>
void conv_weights_tile(const ConvWeightsTileArgs<float>& args) {
  if (args.ahead == 0 || args.images != 1 || args.rows != 1)
    return conv_weights_merged<Arch, MaxRows, BlockVectors>(args);
  unroll<BlockVectors>([&](auto v) TILEWISE_INLINE {
    constexpr int vectors = v.value + 1;
    if ((args.out_channels + lanes<Arch> - 1) / lanes<Arch> == vectors)
      conv_weights_tile_one_loop<Arch, BlockVectors, vectors>(args, std::make_integer_sequence<int, MaxRows>{});
  });
}

}  // namespace
}  // namespace tilewise::kernels
