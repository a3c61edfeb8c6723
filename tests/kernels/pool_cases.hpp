#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What the pooling kernels share: windows of i = 0 to count - 1 side by side, or apart.
struct PoolShape {
  std::int64_t count, channels, in_step, in_row, in_column, out_step;
  PoolWindow window;

  /// Now and then, if wished for, a window of 992 to 2178 positions: up to two chains of average_pool_chain and a rest.
  PoolShape(Draw& draw, TileSizes tile, bool may_be_long = false) {
    count = draw.size(5);
    channels = draw.size(2 * tile.block + 1);
    window.rows = static_cast<std::int32_t>(draw.size(4));
    window.columns = static_cast<std::int32_t>(draw.size(4));
    if (may_be_long && draw.between(0, 11) == 0) {
      window.rows = static_cast<std::int32_t>(draw.between(31, 66));
      window.columns = static_cast<std::int32_t>(draw.between(32, 33));
    }
    window.first_row = static_cast<std::int32_t>(draw.between(0, 2));
    window.first_column = static_cast<std::int32_t>(draw.between(0, 2));
    window.window_columns = window.first_column + window.columns + static_cast<std::int32_t>(draw.between(0, 2));
    in_column = channels + draw.between(0, 3);
    in_step = window.columns * in_column + draw.between(0, 3);
    in_row = count * in_step + draw.between(0, 3);
    out_step = channels + draw.between(0, 3);
  }
  std::int64_t in_size() const {
    return (count - 1) * in_step + (window.rows - 1) * in_row + (window.columns - 1) * in_column + channels;
  }
  std::int64_t out_size() const { return (count - 1) * out_step + channels; }
};

template <>
struct Case<MaxPoolArgs> : PoolShape {
  static constexpr bool has_integers = true;
  std::vector<double> in;
  bool has_index, wide_index;
  Activation activation;

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile) {
    has_index = draw.between(0, 3) > 0;
    wide_index = draw.flag();
    in = draw.values(in_size());
    activation = draw.flag() ? Activation::relu : Activation::none;
  }
  std::int64_t terms() const { return 1; }
  void make_absolute() { test::make_absolute(in); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(out_size());
    const std::int64_t index_size = has_index ? out_size() : 0;
    auto* narrow = buffers.template integer_output<std::uint8_t>(wide_index ? 0 : index_size);
    auto* wide = buffers.template integer_output<std::uint32_t>(wide_index ? index_size : 0);
    void* index = wide_index ? static_cast<void*>(wide) : narrow;
    table.max_pool({.in = buffers.input(in),
                    .out = out,
                    .index = has_index ? index : nullptr,
                    .in_step = in_step,
                    .in_row = in_row,
                    .in_column = in_column,
                    .out_step = out_step,
                    .count = count,
                    .channels = channels,
                    .window = window,
                    .wide_index = wide_index,
                    .activation = activation});
    Results results;
    results.add_values(out, static_cast<std::size_t>(out_size()));
    if (wide_index)
      results.add_indices(wide, static_cast<std::size_t>(index_size));
    else
      results.add_indices(narrow, static_cast<std::size_t>(index_size));
    return results;
  }
};

template <>
struct Case<MaxPoolBackwardArgs> : PoolShape {
  static constexpr bool has_integers = true;
  std::vector<double> out_gradient, in_gradient;
  std::vector<std::uint32_t> wide;
  std::vector<std::uint8_t> narrow;
  bool wide_index, accumulate;

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile) {
    wide_index = draw.flag();
    accumulate = draw.flag();
    out_gradient = draw.values(out_size());
    in_gradient = accumulate ? draw.values(in_size()) : std::vector<double>(static_cast<std::size_t>(in_size()), NAN);
    for (std::int64_t i = 0; i < out_size(); ++i) {
      const std::int64_t r = draw.between(0, window.rows - 1), c = draw.between(0, window.columns - 1);
      const std::int64_t number = (window.first_row + r) * window.window_columns + window.first_column + c;
      const bool dead = draw.between(0, 5) == 0;
      wide.push_back(dead ? dead_index_u32 : static_cast<std::uint32_t>(number));
      narrow.push_back(dead ? dead_index_u8 : static_cast<std::uint8_t>(number));
    }
  }
  std::int64_t terms() const { return 1; }
  void make_absolute() { test::make_absolute(out_gradient), test::make_absolute(in_gradient); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* to = buffers.output(in_gradient);
    const void* index = wide_index ? static_cast<const void*>(buffers.integers(wide)) : buffers.integers(narrow);
    table.max_pool_backward({.out_gradient = buffers.input(out_gradient),
                             .index = index,
                             .in_gradient = to,
                             .in_step = in_step,
                             .in_row = in_row,
                             .in_column = in_column,
                             .out_step = out_step,
                             .count = count,
                             .channels = channels,
                             .window = window,
                             .wide_index = wide_index,
                             .accumulate = accumulate});
    Results results;
    results.add_values(to, in_gradient.size());
    return results;
  }
};

template <>
struct Case<AveragePoolArgs> : PoolShape {
  static constexpr bool has_integers = true;
  std::vector<double> in;
  double divisor;

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile, true) {
    divisor = double(draw.between(1, 9));
    in = draw.values(in_size());
    for (double& x : in) x *= divisor;  // so that integers divide without a remainder
  }
  std::int64_t terms() const { return window.rows * window.columns + 1; }
  void make_absolute() { test::make_absolute(in); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(out_size());
    table.average_pool({.in = buffers.input(in),
                        .out = out,
                        .in_step = in_step,
                        .in_row = in_row,
                        .in_column = in_column,
                        .out_step = out_step,
                        .count = count,
                        .channels = channels,
                        .rows = window.rows,
                        .columns = window.columns,
                        .divisor = static_cast<T>(divisor)});
    Results results;
    results.add_values(out, static_cast<std::size_t>(out_size()));
    return results;
  }
};

template <>
struct Case<AveragePoolBackwardArgs> : PoolShape {
  static constexpr bool has_integers = true;
  std::vector<double> out_gradient, in_gradient;
  double divisor;

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile) {
    divisor = double(draw.between(1, 9));
    out_gradient = draw.values(out_size());
    for (double& x : out_gradient) x *= divisor;
    in_gradient = draw.values(in_size());
  }
  std::int64_t terms() const { return 2; }
  void make_absolute() { test::make_absolute(out_gradient), test::make_absolute(in_gradient); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* to = buffers.output(in_gradient);
    table.average_pool_backward({.out_gradient = buffers.input(out_gradient),
                                 .in_gradient = to,
                                 .in_step = in_step,
                                 .in_row = in_row,
                                 .in_column = in_column,
                                 .out_step = out_step,
                                 .count = count,
                                 .channels = channels,
                                 .rows = window.rows,
                                 .columns = window.columns,
                                 .divisor = static_cast<T>(divisor)});
    Results results;
    results.add_values(to, in_gradient.size());
    return results;
  }
};

}  // namespace tilewise::test
