#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What the two ways to compute a 3x3 convolution behind a pool share, but for the input.
struct Conv3x3PoolCase {
  std::int64_t rows, columns, out_channels, row_step, column_step = 0, in_row = 0, out_row, out_column;
  std::vector<double> in, weights, bias;
  bool has_bias, has_index;
  Activation activation;

  Conv3x3PoolCase(Draw& draw, TileSizes tile) {
    rows = draw.size(4);
    columns = draw.size(9);
    out_channels = draw.size(2 * tile.block + 1);
    row_step = draw.between(2, 6);
    out_column = out_channels + draw.between(0, 3);
    out_row = columns * out_column + draw.between(0, 3);
    weights = draw.values(9 * out_channels);
    bias = draw.values(out_channels);
    has_bias = draw.flag();
    has_index = draw.between(0, 3) > 0;
    activation = draw.between(0, 2) > 0 ? Activation::relu : Activation::none;
  }
  std::int64_t in_rows() const { return (rows - 1) * row_step + 4; }
  std::int64_t in_size() const { return (in_rows() - 1) * in_row + (columns - 1) * column_step + 4; }

  /// call(arguments) for each block of channels.
  template <class T, class Call>
  Results run_blocks(const KernelTable<T>& table, Guard guard, const Call& call) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block;
    const std::int64_t size = (rows - 1) * out_row + (columns - 1) * out_column + out_channels;
    const T* in_data = buffers.input(in);
    T* out = buffers.output(size);
    std::uint8_t* index = buffers.template integer_output<std::uint8_t>(has_index ? size : 0);
    for (std::int64_t first = 0; first < out_channels; first += block) {
      const std::int64_t used = std::min(block, out_channels - first);
      std::vector<double> packed(static_cast<std::size_t>(9 * block), 1e6);
      std::vector<double> packed_bias(static_cast<std::size_t>(block), 1e6);
      for (std::int64_t n = 0; n < used; ++n) {
        packed_bias[static_cast<std::size_t>(n)] = bias[static_cast<std::size_t>(first + n)];
        for (std::int64_t tap = 0; tap < 9; ++tap)
          packed[static_cast<std::size_t>(tap * block + n)] =
              weights[static_cast<std::size_t>(tap * out_channels + first + n)];
      }
      call(Conv3x3PoolTileArgs<T>{.in = in_data,
                                  .weights = buffers.input(packed),
                                  .bias = has_bias ? buffers.input(packed_bias) : nullptr,
                                  .out = out + first,
                                  .index = has_index ? index + first : nullptr,
                                  .in_row = in_row,
                                  .row_step = row_step,
                                  .column_step = column_step,
                                  .out_row = out_row,
                                  .out_column = out_column,
                                  .rows = rows,
                                  .columns = columns,
                                  .out_channels = static_cast<std::int32_t>(used),
                                  .activation = activation});
    }
    Results results;
    results.add_values(out, static_cast<std::size_t>(size));
    results.add_indices(index, static_cast<std::size_t>(has_index ? size : 0));
    return results;
  }
};

template <>
struct Case<Conv3x3PoolTileArgs> : Conv3x3PoolCase {
  static constexpr bool has_integers = true;

  Case(Draw& draw, TileSizes tile) : Conv3x3PoolCase(draw, tile) {
    column_step = draw.between(2, 5);
    in_row = (columns - 1) * column_step + 4 + draw.between(0, 3);
    in = draw.values(in_size());
  }
  std::int64_t terms() const { return 10; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(weights), test::make_absolute(bias); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_blocks(table, guard, [&](const Conv3x3PoolTileArgs<T>& args) { table.conv3x3_pool_tile(args); });
  }
};

template <>
struct Case<WinogradPoolTileArgs> : Conv3x3PoolCase {
  static constexpr bool has_integers = true;

  Case(Draw& draw, TileSizes tile) : Conv3x3PoolCase(draw, tile) {
    row_step = draw.between(4, 6);
    column_step = 4;
    in_row = 4 * columns + draw.between(0, 3);
    in = draw.values(in_size());
    for (double& weight : weights) weight *= 4;  // so that integers can be halved twice
  }
  std::int64_t terms() const { return 16; }
  /// Such that every product is added, along either axis: the one that is added to one sum and subtracted from the
  /// other goes to the one that is added to both.
  void make_absolute() {
    test::make_absolute(in), test::make_absolute(weights), test::make_absolute(bias);
    const auto fold = [](double* x, std::int64_t step) {
      x[step] = -x[step];
      x[2 * step] += x[3 * step];
      x[3 * step] = 0;
    };
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j) {
        double* const place = in.data() + i * row_step * in_row + 4 * j;
        for (std::int64_t k = 0; k < 4; ++k) fold(place + k, in_row);
        for (std::int64_t k = 0; k < 4; ++k) fold(place + k * in_row, 1);
      }
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_blocks(table, guard, [&](const Conv3x3PoolTileArgs<T>& args) { table.winograd_pool_tile({args}); });
  }
};

template <>
struct Case<WinogradTilesArgs> {
  static constexpr bool has_integers = true;
  std::int64_t rows, columns, in_row, out_row;
  std::vector<double> in;

  Case(Draw& draw, TileSizes tile) {
    rows = draw.size(5);
    columns = draw.size(tile.block + 1);
    in_row = 2 * columns + 2 + draw.between(0, 3);
    out_row = 4 * columns + draw.between(0, 3);
    in = draw.values((2 * rows + 1) * in_row + 2 * columns + 2);
  }
  std::int64_t terms() const { return 4; }
  /// Such that no output is below four, the largest of reals.
  void make_absolute() {
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = 4 * static_cast<double>(i) * static_cast<double>(i);
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t size = (4 * rows - 1) * out_row + 4 * columns;
    T* out = buffers.output(size);
    table.winograd_tiles(
        {.in = buffers.input(in), .out = out, .in_row = in_row, .out_row = out_row, .rows = rows, .columns = columns});
    Results results;
    results.add_values(out, static_cast<std::size_t>(size));
    return results;
  }
};

template <>
struct Case<PoolQuadsArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, in_row, in_column;
  std::vector<double> in;

  Case(Draw& draw, TileSizes tile) {
    count = draw.size(2 * tile.block + 1);
    in_column = draw.between(1, 4);
    in_row = draw.between(1, count + 5);
    in = draw.values(count + in_row + in_column);
  }
  std::int64_t terms() const { return 1; }
  void make_absolute() { test::make_absolute(in); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(4 * count);
    table.pool_quads({.in = buffers.input(in), .out = out, .in_row = in_row, .in_column = in_column, .count = count});
    Results results;
    results.add_values(out, static_cast<std::size_t>(4 * count));
    return results;
  }
};

template <>
struct Case<PooledWeightsTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t rows, columns, tap_rows, tap_columns, out_channels;
  std::int64_t quads_row, quads_column, tap_row, out_row, out_column;
  std::vector<double> quads, out_gradient, weights_gradient, bias_gradient;
  std::vector<std::uint8_t> index;
  bool has_bias;

  Case(Draw& draw, TileSizes tile) {
    rows = draw.size(4);
    columns = draw.size(5);
    tap_rows = draw.size(7);
    tap_columns = draw.size(13);
    out_channels = draw.size(2 * tile.block + 1);
    if (draw.between(0, 9) == 0) tap_rows = tap_columns = 0;
    has_bias = draw.flag();
    quads_column = 4 * draw.between(1, 4);
    tap_row = 4 * tap_columns + 4 * draw.between(0, 3);
    quads_row = columns * quads_column + draw.between(0, 9);
    out_column = out_channels + draw.between(0, 3);
    out_row = columns * out_column + draw.between(0, 3);
    quads = draw.values((rows - 1) * quads_row + (columns - 1) * quads_column +
                        std::max<std::int64_t>(0, (tap_rows - 1) * tap_row) + 4 * tap_columns);
    const std::int64_t out_size = (rows - 1) * out_row + (columns - 1) * out_column + out_channels;
    out_gradient = draw.values(out_size);
    for (std::int64_t i = 0; i < out_size; ++i)
      index.push_back(draw.between(0, 3) == 0 ? dead_index_u8 : static_cast<std::uint8_t>(draw.between(0, 5)));
    weights_gradient = draw.values(tap_rows * tap_columns * out_channels);
    bias_gradient = draw.values(has_bias ? out_channels : 0);
  }

  std::int64_t terms() const { return rows * columns + 1; }
  void make_absolute() {
    test::make_absolute(quads), test::make_absolute(out_gradient);
    test::make_absolute(weights_gradient), test::make_absolute(bias_gradient);
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block, taps = tap_rows * tap_columns;
    const T* quads_data = buffers.input(quads);
    const T* out_gradient_data = buffers.input(out_gradient);
    const std::uint8_t* index_data = buffers.integers(index);
    std::vector<T> plain(weights_gradient.size());
    std::vector<T> bias(bias_gradient.size());
    bool rest_is_untouched = true;
    for (std::int64_t first = 0; first < out_channels; first += block) {
      const std::int64_t used = std::min(block, out_channels - first);
      std::vector<double> start(static_cast<std::size_t>(taps * block), 7.0);
      for (std::int64_t tap = 0; tap < taps; ++tap)
        for (std::int64_t n = 0; n < used; ++n)
          start[static_cast<std::size_t>(tap * block + n)] =
              weights_gradient[static_cast<std::size_t>(tap * out_channels + first + n)];
      std::vector<double> bias_start(static_cast<std::size_t>(block), 7.0);
      for (std::int64_t n = 0; has_bias && n < used; ++n)
        bias_start[static_cast<std::size_t>(n)] = bias_gradient[static_cast<std::size_t>(first + n)];
      T* packed = buffers.output(start);
      T* packed_bias = buffers.output(bias_start);
      table.pooled_weights_tile({.quads = quads_data,
                                 .out_gradient = out_gradient_data + first,
                                 .index = index_data + first,
                                 .weights_gradient = packed,
                                 .bias_gradient = has_bias ? packed_bias : nullptr,
                                 .quads_row = quads_row,
                                 .quads_column = quads_column,
                                 .tap_row = tap_row,
                                 .out_row = out_row,
                                 .out_column = out_column,
                                 .rows = rows,
                                 .columns = columns,
                                 .tap_rows = static_cast<std::int32_t>(tap_rows),
                                 .tap_columns = static_cast<std::int32_t>(tap_columns),
                                 .out_channels = static_cast<std::int32_t>(used)});
      for (std::int64_t n = 0; n < block; ++n) {
        for (std::int64_t tap = 0; tap < taps; ++tap)
          if (n < used)
            plain[static_cast<std::size_t>(tap * out_channels + first + n)] = packed[tap * block + n];
          else
            rest_is_untouched &= packed[tap * block + n] == T{7};
        if (has_bias && n < used)
          bias[static_cast<std::size_t>(first + n)] = packed_bias[n];
        else
          rest_is_untouched &= packed_bias[n] == T{7};
      }
    }
    Results results;
    results.add_values(plain.data(), plain.size());
    results.add_values(bias.data(), bias.size());
    results.indices.push_back(rest_is_untouched);
    return results;
  }
};

}  // namespace tilewise::test
