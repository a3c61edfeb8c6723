#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

template <>
struct Case<ConvDotTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, in_channels, rows, columns;
  std::int64_t in_step, in_row, in_column, weights_row, weights_column, out_step;
  std::vector<double> in, weights, start, out;
  Activation activation;

  Case(Draw& draw, TileSizes) {
    count = draw.size(25);
    in_channels = draw.flag() ? kernels::dot_chains * draw.size(3) : draw.size(2 * kernels::dot_chains + 1);
    rows = draw.between(0, 9) == 0 ? 0 : draw.size(3);
    columns = draw.size(4);
    in_column = in_channels + (draw.flag() ? 0 : draw.between(1, 3));
    in_row = columns * in_column + draw.between(0, 3);
    in_step = draw.flag() ? in_column : std::max<std::int64_t>(rows, 1) * in_row + draw.between(0, 3);
    weights_column = in_channels + (draw.flag() ? 0 : draw.between(1, 3));
    weights_row = columns * weights_column + draw.between(0, 3);
    out_step = draw.between(1, 4);
    activation = draw.flag() ? Activation::relu : Activation::none;
    const auto reach = [&](std::int64_t row, std::int64_t column) {
      return rows > 0 ? (rows - 1) * row + (columns - 1) * column + in_channels : 1;
    };
    in = draw.values((count - 1) * in_step + reach(in_row, in_column));
    weights = draw.values(reach(weights_row, weights_column));
    start = draw.values(1);
    out.assign(static_cast<std::size_t>((count - 1) * out_step + 1), NAN);
  }

  std::int64_t terms() const { return rows * columns * in_channels + 1; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(weights), test::make_absolute(start); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out_data = buffers.output(out);
    table.conv_dot_tile({.in = buffers.input(in),
                         .weights = buffers.input(weights),
                         .out = out_data,
                         .in_step = in_step,
                         .in_row = in_row,
                         .in_column = in_column,
                         .weights_row = weights_row,
                         .weights_column = weights_column,
                         .out_step = out_step,
                         .count = count,
                         .in_channels = in_channels,
                         .rows = static_cast<std::int32_t>(rows),
                         .columns = static_cast<std::int32_t>(columns),
                         .start = static_cast<T>(start[0]),
                         .activation = activation});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

}  // namespace tilewise::test
