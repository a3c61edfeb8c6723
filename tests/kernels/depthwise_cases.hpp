#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// Columns [first, first + used) of `rows` rows of `columns`, as packed rows of `block`; the rest is `filling`.
inline std::vector<double> packed_block(const std::vector<double>& plain, std::int64_t rows, std::int64_t columns,
                                        std::int64_t first, std::int64_t used, std::int64_t block, double filling) {
  std::vector<double> packed(static_cast<std::size_t>(rows * block), filling);
  for (std::int64_t row = 0; row < rows; ++row)
    for (std::int64_t n = 0; n < used; ++n)
      packed[static_cast<std::size_t>(row * block + n)] = plain[static_cast<std::size_t>(row * columns + first + n)];
  return packed;
}

/// All blocks of it, one after the other.
inline std::vector<double> packed_blocks(const std::vector<double>& plain, std::int64_t rows, std::int64_t columns,
                                         std::int64_t block, double filling) {
  std::vector<double> packed;
  for (std::int64_t first = 0; first < columns; first += block) {
    const std::vector<double> one =
        packed_block(plain, rows, columns, first, std::min(block, columns - first), block, filling);
    packed.insert(packed.end(), one.begin(), one.end());
  }
  return packed;
}

/// How outputs see inputs: groups of some, or one shared by some outputs.
struct Sharing {
  std::int64_t group = 1, times = 1, skip = 0;

  explicit Sharing(Draw& draw) {
    if (draw.flag()) {
      group = std::int64_t{1} << draw.between(0, 2);
    } else {
      times = draw.size(9);
      skip = draw.between(0, times - 1);
    }
  }
  std::int64_t inputs(std::int64_t outputs) const { return (skip + outputs - 1) / times + 1; }
};

template <>
struct Case<DepthwiseTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, channels, kernel_height, kernel_width, rows, columns;
  std::int64_t in_column, in_row, in_step, out_step, first_tap;
  Sharing sharing;
  std::vector<double> in, weights, bias, out;
  bool has_bias, mirrored;
  Activation activation;

  Case(Draw& draw, TileSizes tile) : sharing(draw) {
    count = draw.size(2 * tile.places + 1);
    channels = sharing.group * draw.size((2 * tile.block + 1) / sharing.group);
    kernel_height = draw.size(3);
    kernel_width = draw.size(4);
    const bool empty = draw.between(0, 9) == 0;
    rows = empty ? 0 : draw.between(1, kernel_height);
    columns = draw.between(1, kernel_width);
    const std::int64_t in_channels = sharing.inputs(channels);
    in_column = in_channels + draw.between(0, 3);
    in_row = kernel_width * in_column + draw.between(0, 3);
    in_step = draw.flag() ? in_column : kernel_height * in_row + draw.between(0, 3);
    out_step = channels + draw.between(0, 3);
    mirrored = draw.flag();  // weights read backwards, as backward-data does
    has_bias = draw.flag();
    activation = draw.flag() ? Activation::relu : Activation::none;
    const std::int64_t row = draw.between(0, kernel_height - std::max<std::int64_t>(rows, 1)),
                       column = draw.between(0, kernel_width - columns);
    first_tap =
        mirrored ? (kernel_height - 1 - row) * kernel_width + kernel_width - 1 - column : row * kernel_width + column;
    const std::int64_t reach = rows > 0 ? (rows - 1) * in_row + (columns - 1) * in_column + in_channels : 1;
    in = draw.values((count - 1) * in_step + reach);
    weights = draw.values(kernel_height * kernel_width * sharing.group * channels);
    bias = draw.values(channels);
    out.assign(static_cast<std::size_t>((count - 1) * out_step + channels), NAN);
  }

  std::int64_t terms() const { return kernel_height * kernel_width * sharing.group + 1; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(weights), test::make_absolute(bias); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block, direction = mirrored ? -1 : 1, group = sharing.group;
    const std::int64_t weight_rows = kernel_height * kernel_width * group;
    T* out_data = buffers.output(out);
    // What lies in the unused columns must not matter.
    table.depthwise_tile({.in = buffers.input(in),
                          .weights = buffers.input(packed_blocks(weights, weight_rows, channels, block, 1e6)) +
                                     first_tap * group * block,
                          .bias = has_bias ? buffers.input(packed_blocks(bias, 1, channels, block, 1e6)) : nullptr,
                          .out = out_data,
                          .in_step = in_step,
                          .in_row = in_row,
                          .in_column = in_column,
                          .weights_row = direction * kernel_width * group * block,
                          .weights_column = direction * group * block,
                          .weights_block = weight_rows * block,
                          .out_step = out_step,
                          .count = count,
                          .channels = channels,
                          .rows = static_cast<std::int32_t>(rows),
                          .columns = static_cast<std::int32_t>(columns),
                          .group = static_cast<std::int32_t>(group),
                          .times = static_cast<std::int32_t>(sharing.times),
                          .skip = static_cast<std::int32_t>(sharing.skip),
                          .activation = activation});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

template <>
struct Case<DepthwiseWeightsTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t images, rows, columns, channels, tap_rows, tap_columns, kernel_width;
  std::int64_t in_image, in_row, in_column, out_image, out_row, out_column, tap_row, tap_column;
  Sharing sharing;
  std::vector<double> in, out_gradient, weights_gradient;

  Case(Draw& draw, TileSizes tile) : sharing(draw) {
    images = draw.size(3);
    rows = draw.size(4);
    columns = draw.size(4);
    channels = sharing.group * draw.size((2 * tile.block + 1) / sharing.group);
    tap_rows = draw.size(4);
    tap_columns = draw.size(tile.places + 1);
    kernel_width = tap_columns + draw.between(0, 1);
    const std::int64_t in_channels = sharing.inputs(channels), place = in_channels + draw.between(0, 2);
    tap_column = draw.between(1, 2) * place;
    in_column = draw.between(1, 2) * place;
    const std::int64_t row = (columns - 1) * in_column + (tap_columns - 1) * tap_column + place;
    tap_row = draw.between(1, 2) * row;
    in_row = draw.between(1, 2) * row;
    in_image = (rows - 1) * in_row + (tap_rows - 1) * tap_row + row + draw.between(0, 3);
    out_column = channels + draw.between(0, 3);
    out_row = columns * out_column + draw.between(0, 3);
    out_image = rows * out_row + draw.between(0, 3);
    in = draw.values((images - 1) * in_image + (rows - 1) * in_row + (columns - 1) * in_column +
                     (tap_rows - 1) * tap_row + (tap_columns - 1) * tap_column + in_channels);
    out_gradient = draw.values((images - 1) * out_image + (rows - 1) * out_row + (columns - 1) * out_column + channels);
    weights_gradient = draw.values(tap_rows * kernel_width * sharing.group * channels);
  }

  std::int64_t terms() const { return images * rows * columns + 1; }
  void make_absolute() {
    test::make_absolute(in), test::make_absolute(out_gradient), test::make_absolute(weights_gradient);
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    const std::int64_t block = table.channel_block, group = sharing.group;
    const T* in_data = buffers.input(in);
    const T* out_gradient_data = buffers.input(out_gradient);
    std::vector<T> plain(weights_gradient.size());
    bool filling_is_kept = true;
    for (std::int64_t first = 0; first < channels; first += block) {
      const std::int64_t used = std::min(block, channels - first);
      T* packed = buffers.output(
          packed_block(weights_gradient, tap_rows * kernel_width * group, channels, first, used, block, 7));
      table.depthwise_weights_tile({.in = in_data + (group > 1 ? first : (sharing.skip + first) / sharing.times),
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
                                    .tap_row = tap_row,
                                    .tap_column = tap_column,
                                    .weights_row = kernel_width * group * block,
                                    .weights_column = group * block,
                                    .tap_rows = static_cast<std::int32_t>(tap_rows),
                                    .tap_columns = static_cast<std::int32_t>(tap_columns),
                                    .channels = static_cast<std::int32_t>(used),
                                    .group = static_cast<std::int32_t>(group),
                                    .times = static_cast<std::int32_t>(sharing.times),
                                    .skip = static_cast<std::int32_t>((sharing.skip + first) % sharing.times)});
      for (std::int64_t row = 0; row < tap_rows * kernel_width * group; ++row)
        for (std::int64_t n = 0; n < block; ++n) {
          if (n < used)
            plain[static_cast<std::size_t>(row * channels + first + n)] = packed[row * block + n];
          else
            filling_is_kept &= packed[row * block + n] == T{7};
        }
    }
    Results results;
    results.add_values(plain.data(), plain.size());
    results.indices.push_back(filling_is_kept);
    return results;
  }
};

template <>
struct Case<FoldChannelsArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, times;
  std::vector<double> in, out;

  Case(Draw& draw, TileSizes tile) {
    count = draw.size(3 * tile.block + 1);
    times = draw.size(6);
    in = draw.values(count * times);
    out.assign(static_cast<std::size_t>(count), NAN);
  }

  std::int64_t terms() const { return times; }
  void make_absolute() { test::make_absolute(in); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out_data = buffers.output(out);
    table.fold_channels({buffers.input(in), out_data, count, times});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

}  // namespace tilewise::test
