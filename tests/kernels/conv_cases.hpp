#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

template <>
struct Case<ConvTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, in_channels, out_channels, kernel_height, kernel_width;
  std::int64_t in_column, in_row, in_step, out_step, index_step;
  std::vector<ConvTaps> positions;  // weights_offset in taps, to be scaled by a block's size
  std::vector<double> in, weights, bias, out;
  bool has_bias, accumulate, mirrored, asks_ahead;
  Activation activation;

  Case(Draw& draw, TileSizes tile) {
    count = draw.size(2 * tile.places + 1);
    in_channels = draw.size(2 * tile.places + 1);
    out_channels = draw.size(2 * tile.block + 1);
    kernel_height = draw.size(3);
    kernel_width = draw.size(3);
    // Of one tap, as dense is, more often than by chance: it has a path of its own.
    const bool dense = draw.flag();
    if (dense) kernel_height = kernel_width = 1;
    const std::int64_t position_count = dense ? 1 : draw.size(5);
    in_column = in_channels + (draw.flag() ? 0 : draw.between(1, 3));
    in_row = (kernel_width + 1) * in_column + draw.between(0, 3);
    in_step = (kernel_height + 1) * in_row + draw.between(0, 5);
    out_step = out_channels + draw.between(0, 3);
    index_step = out_channels + draw.between(0, 3);
    mirrored = draw.between(0, 3) == 0;  // weights read backwards, as backward-data may
    has_bias = draw.flag();
    accumulate = position_count == 1 && draw.flag();
    asks_ahead = draw.flag();
    activation = draw.flag() ? Activation::relu : Activation::none;
    const bool inner = draw.flag();  // positions have the same taps, as away from borders
    std::int64_t extent = 1;
    for (std::int64_t p = 0; p < position_count; ++p) {
      const std::int64_t row = draw.between(0, kernel_height - 1), column = draw.between(0, kernel_width - 1);
      ConvTaps taps;
      taps.rows = static_cast<std::int32_t>(draw.between(draw.between(0, 9) == 0 ? 0 : 1, kernel_height - row));
      taps.columns = static_cast<std::int32_t>(draw.between(draw.between(0, 9) == 0 ? 0 : 1, kernel_width - column));
      const std::int64_t y = draw.between(0, kernel_height - taps.rows),
                         x = draw.between(0, kernel_width - taps.columns);
      taps.in_offset = y * in_row + x * in_column;
      taps.weights_offset =
          mirrored ? (kernel_height - 1 - row) * kernel_width + kernel_width - 1 - column : row * kernel_width + column;
      if (p > 0 && inner) {
        taps = positions.front();
        taps.in_offset = draw.between(0, 1) * in_row + draw.between(0, 1) * in_column;
      }
      positions.push_back(taps);
      if (taps.rows > 0 && taps.columns > 0)
        extent = std::max(extent, (count - 1) * in_step + taps.in_offset + (taps.rows - 1) * in_row +
                                      (taps.columns - 1) * in_column + in_channels);
    }
    in = draw.values(extent);
    weights = draw.values(kernel_height * kernel_width * in_channels * out_channels);
    bias = draw.values(out_channels);
    out = accumulate ? draw.values((count - 1) * out_step + out_channels)
                     : std::vector<double>(static_cast<std::size_t>((count - 1) * out_step + out_channels), NAN);
  }

  std::int64_t terms() const { return kernel_height * kernel_width * in_channels + 1; }
  void make_absolute() {
    test::make_absolute(in), test::make_absolute(weights), test::make_absolute(bias), test::make_absolute(out);
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block;
    const T* in_data = buffers.input(in);
    T* out_data = buffers.output(out);
    const std::size_t index_size =
        positions.size() > 1 ? static_cast<std::size_t>((count - 1) * index_step + out_channels) : 0;
    std::uint8_t* index = buffers.template integer_output<std::uint8_t>(static_cast<std::int64_t>(index_size));
    for (std::int64_t first = 0; first < out_channels; first += block) {
      const std::int64_t used = std::min(block, out_channels - first);
      // What lies in the unused columns must not matter.
      std::vector<double> packed(static_cast<std::size_t>(kernel_height * kernel_width * in_channels * block), 1e6);
      for (std::int64_t row = 0; row < kernel_height * kernel_width * in_channels; ++row)
        for (std::int64_t n = 0; n < used; ++n)
          packed[static_cast<std::size_t>(row * block + n)] =
              weights[static_cast<std::size_t>(row * out_channels + first + n)];
      std::vector<double> packed_bias(static_cast<std::size_t>(block), 1e6);
      for (std::int64_t n = 0; n < used; ++n)
        packed_bias[static_cast<std::size_t>(n)] = bias[static_cast<std::size_t>(first + n)];
      std::vector<ConvTaps> scaled = positions;
      for (ConvTaps& taps : scaled) taps.weights_offset *= in_channels * block;
      const std::int64_t direction = mirrored ? -1 : 1;
      const T* weights_data = buffers.input(packed);
      table.conv_tile({.in = in_data,
                       .weights = weights_data,
                       .bias = has_bias ? buffers.input(packed_bias) : nullptr,
                       .out = out_data + first,
                       .index = index_size ? index + first : nullptr,
                       .positions = buffers.integers(scaled),
                       .in_step = in_step,
                       .in_row = in_row,
                       .in_column = in_column,
                       .weights_row = direction * kernel_width * in_channels * block,
                       .weights_column = direction * in_channels * block,
                       .out_step = out_step,
                       .index_step = index_step,
                       .count = count,
                       .in_channels = in_channels,
                       .position_count = static_cast<std::int32_t>(positions.size()),
                       .out_channels = static_cast<std::int32_t>(used),
                       .accumulate = accumulate,
                       .activation = activation,
                       .ahead = asks_ahead ? weights_data : nullptr,
                       .ahead_count = static_cast<std::int64_t>(2 * packed.size()),  // beyond its end is no harm
                       .ahead_column = static_cast<std::int64_t>(packed.size())});
    }
    Results results;
    results.add_values(out_data, out.size());
    results.add_indices(index, index_size);
    return results;
  }
};

template <>
struct Case<ConvWeightsTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t images, rows, columns, in_channels, out_channels;
  std::int64_t in_image, in_row, in_column, out_image, out_row, out_column;
  std::vector<double> in, out_gradient, weights_gradient;
  std::int64_t ahead;
  bool accumulate;

  Case(Draw& draw, TileSizes tile) {
    images = draw.size(3);
    rows = draw.size(4);
    columns = draw.size(4);
    in_channels = draw.size(2 * tile.places + 1);
    out_channels = draw.size(2 * tile.block + 1);
    ahead = draw.between(0, tile.places);
    accumulate = draw.flag();
    in_column = in_channels + draw.between(-in_channels / 2, 3);  // overlapping places too, as for joined taps
    in_row = columns * in_column + draw.between(0, 3);
    in_image = rows * in_row + draw.between(0, 3);
    out_column = out_channels + draw.between(0, 3);
    out_row = columns * out_column + draw.between(0, 3);
    out_image = rows * out_row + draw.between(0, 3);
    in = draw.values((images - 1) * in_image + (rows - 1) * in_row + (columns - 1) * in_column + in_channels);
    out_gradient =
        draw.values((images - 1) * out_image + (rows - 1) * out_row + (columns - 1) * out_column + out_channels);
    weights_gradient = draw.values(in_channels * out_channels);
  }

  std::int64_t terms() const { return images * rows * columns + 1; }
  void make_absolute() {
    test::make_absolute(in), test::make_absolute(out_gradient), test::make_absolute(weights_gradient);
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block;
    const T* in_data = buffers.input(in);
    const T* out_gradient_data = buffers.input(out_gradient);
    std::vector<T> plain(static_cast<std::size_t>(in_channels * out_channels));
    bool padding_is_zero = true;
    for (std::int64_t first = 0; first < out_channels; first += block) {
      const std::int64_t used = std::min(block, out_channels - first);
      std::vector<double> start(static_cast<std::size_t>(in_channels * block), accumulate ? 0.0 : NAN);
      if (accumulate)
        for (std::int64_t k = 0; k < in_channels; ++k)
          for (std::int64_t n = 0; n < used; ++n)
            start[static_cast<std::size_t>(k * block + n)] =
                weights_gradient[static_cast<std::size_t>(k * out_channels + first + n)];
      T* packed = buffers.output(start);
      table.conv_weights_tile({.in = in_data,
                               .out_gradient = out_gradient_data + first,
                               .weights_gradient = packed,
                               .in_image = in_image,
                               .in_row = in_row,
                               .in_column = in_column,
                               .out_image = out_image,
                               .out_row = out_row,
                               .out_column = out_column,
                               .images = images,
                               .rows = rows,
                               .columns = columns,
                               .in_channels = in_channels,
                               .out_channels = static_cast<std::int32_t>(used),
                               .accumulate = accumulate,
                               .ahead = ahead});
      for (std::int64_t k = 0; k < in_channels; ++k)
        for (std::int64_t n = 0; n < block; ++n) {
          if (n < used)
            plain[static_cast<std::size_t>(k * out_channels + first + n)] = packed[k * block + n];
          else
            padding_is_zero &= packed[k * block + n] == T{0};
        }
    }
    Results results;
    results.add_values(plain.data(), plain.size());
    results.indices.push_back(padding_is_zero);
    return results;
  }
};

template <>
struct Case<ColumnSumArgs> {
  static constexpr bool has_integers = true;
  std::int64_t rows, columns, in_step;
  std::vector<double> in, out;
  bool accumulate;

  Case(Draw& draw, TileSizes tile) {
    rows = draw.size(40);
    columns = draw.size(2 * tile.block + 1);
    in_step = columns + draw.between(0, 3);
    accumulate = draw.flag();
    in = draw.values((rows - 1) * in_step + columns);
    out = accumulate ? draw.values(columns) : std::vector<double>(static_cast<std::size_t>(columns), NAN);
  }
  std::int64_t terms() const { return rows + 1; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(out); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out_data = buffers.output(out);
    table.column_sum({.in = buffers.input(in),
                      .out = out_data,
                      .in_step = in_step,
                      .rows = rows,
                      .columns = columns,
                      .accumulate = accumulate});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

template <>
struct Case<TransposeArgs> {
  static constexpr bool has_integers = true;
  std::int64_t rows, columns, in_step, out_step;
  std::vector<double> in;

  Case(Draw& draw, TileSizes tile) {
    rows = draw.size(2 * tile.block + 1);
    columns = draw.size(2 * tile.block + 1);
    in_step = columns + draw.between(0, 3);
    out_step = rows + draw.between(0, 3);
    in = draw.values((rows - 1) * in_step + columns);
  }
  std::int64_t terms() const { return 1; }
  void make_absolute() { test::make_absolute(in); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t size = (columns - 1) * out_step + rows;
    T* out = buffers.output(size);
    table.transpose({.in = buffers.input(in),
                     .out = out,
                     .in_step = in_step,
                     .out_step = out_step,
                     .rows = rows,
                     .columns = columns});
    Results results;
    results.add_values(out, static_cast<std::size_t>(size));
    return results;
  }
};

}  // namespace tilewise::test
