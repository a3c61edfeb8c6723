#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"

// One Case for each argument struct of kernels.inc: it draws a call (shape, strides, data) and makes it on any table
// and scalar.
namespace tilewise::test {

using namespace kernels;

/// The tile sizes of the ISA under test, whose tails the shapes must meet.
struct TileSizes {
  std::int64_t places, block;
};

/// Everything that a call wrote, and all that lies between: also what must stay untouched.
struct Results {
  std::vector<double> values;
  std::vector<double> indices;

  template <class T>
  void add_values(const T* data, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) values.push_back(Buffers<T>::to_double(data[i]));
  }
  template <class I>
  void add_indices(const I* data, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) indices.push_back(static_cast<double>(data[i]));
  }
};

inline void make_absolute(std::vector<double>& values) {
  for (double& x : values) x = std::fabs(x);
}

template <template <class> class Args>
struct Case;  // a kernel without one does not compile: every kernel has its test

template <>
struct Case<ConvTileArgs> {
  static constexpr bool has_integers = true;
  std::int64_t count, in_channels, out_channels, kernel_height, kernel_width;
  std::int64_t in_column, in_row, in_step, out_step, index_step;
  std::vector<ConvTaps> positions;  // weights_offset in taps, to be scaled by a block's size
  std::vector<double> in, weights, bias, out;
  bool has_bias, accumulate, mirrored;
  Activation activation;

  Case(Draw& draw, TileSizes tile) {
    count = draw.size(2 * tile.places + 1);
    in_channels = draw.size(2 * tile.places + 1);
    out_channels = draw.size(2 * tile.block + 1);
    kernel_height = draw.size(3);
    kernel_width = draw.size(3);
    const std::int64_t position_count = draw.size(5);
    in_column = in_channels + (draw.flag() ? 0 : draw.between(1, 3));
    in_row = (kernel_width + 1) * in_column + draw.between(0, 3);
    in_step = (kernel_height + 1) * in_row + draw.between(0, 5);
    out_step = out_channels + draw.between(0, 3);
    index_step = out_channels + draw.between(0, 3);
    mirrored = draw.between(0, 3) == 0;  // weights read backwards, as backward-data may
    has_bias = draw.flag();
    accumulate = position_count == 1 && draw.flag();
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
    tests::make_absolute(in), tests::make_absolute(weights), tests::make_absolute(bias), tests::make_absolute(out);
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
      table.conv_tile({.in = in_data,
                       .weights = buffers.input(packed),
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
                       .activation = activation});
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
  bool accumulate;

  Case(Draw& draw, TileSizes tile) {
    images = draw.size(3);
    rows = draw.size(4);
    columns = draw.size(4);
    in_channels = draw.size(2 * tile.places + 1);
    out_channels = draw.size(2 * tile.block + 1);
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
    tests::make_absolute(in), tests::make_absolute(out_gradient), tests::make_absolute(weights_gradient);
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
                               .accumulate = accumulate});
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
  void make_absolute() { tests::make_absolute(in), tests::make_absolute(out); }

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
  void make_absolute() { tests::make_absolute(in); }

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

/// What the pooling kernels share: windows of i = 0 to count - 1 side by side, or apart.
struct PoolShape {
  std::int64_t count, channels, in_step, in_row, in_column, out_step;
  PoolWindow window;

  PoolShape(Draw& draw, TileSizes tile) {
    count = draw.size(5);
    channels = draw.size(2 * tile.block + 1);
    window.rows = static_cast<std::int32_t>(draw.size(4));
    window.columns = static_cast<std::int32_t>(draw.size(4));
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

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile) {
    has_index = draw.between(0, 3) > 0;
    wide_index = draw.flag();
    in = draw.values(in_size());
  }
  std::int64_t terms() const { return 1; }
  void make_absolute() { tests::make_absolute(in); }

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
                    .wide_index = wide_index});
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
  void make_absolute() { tests::make_absolute(out_gradient), tests::make_absolute(in_gradient); }

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

  Case(Draw& draw, TileSizes tile) : PoolShape(draw, tile) {
    divisor = double(draw.between(1, 9));
    in = draw.values(in_size());
    for (double& x : in) x *= divisor;  // so that integers divide without a remainder
  }
  std::int64_t terms() const { return window.rows * window.columns + 1; }
  void make_absolute() { tests::make_absolute(in); }

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
  void make_absolute() { tests::make_absolute(out_gradient), tests::make_absolute(in_gradient); }

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

/// What kernels from two rows of numbers to one share. `in_place` puts the result over the first.
struct Elementwise {
  static constexpr bool has_integers = true;
  std::vector<double> a, b;
  bool in_place;

  Elementwise(Draw& draw, TileSizes tile) {
    const std::int64_t count = draw.size(6 * tile.block + 1);
    a = draw.values(count);
    b = draw.values(count);
    in_place = draw.flag();
  }
  std::int64_t terms() const { return 2; }
  void make_absolute() { tests::make_absolute(a), tests::make_absolute(b); }
  std::int64_t count() const { return static_cast<std::int64_t>(a.size()); }

  /// f(a, b, out)
  template <class T, class F>
  Results run_on(Guard guard, const F& f) const {
    Buffers<T> buffers(guard);
    T* out = in_place ? buffers.output(a) : buffers.output(count());
    f(in_place ? out : buffers.input(a), buffers.input(b), out);
    Results results;
    results.add_values(out, a.size());
    return results;
  }
};

template <>
struct Case<ReluArgs> : Elementwise {
  using Elementwise::Elementwise;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard,
                     [&](const T* in, const T*, T* out) { table.relu({.in = in, .out = out, .count = count()}); });
  }
};

template <>
struct Case<ReluBackwardArgs> : Elementwise {
  using Elementwise::Elementwise;
  void make_absolute() {}  // gradients pass or not: nothing is rounded
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* out_gradient, const T* out, T* in_gradient) {
      table.relu_backward({.out = out, .out_gradient = out_gradient, .in_gradient = in_gradient, .count = count()});
    });
  }
};

template <>
struct Case<AddArgs> : Elementwise {
  using Elementwise::Elementwise;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* first, const T* second, T* out) {
      table.add({.a = first, .b = second, .out = out, .count = count()});
    });
  }
};

template <>
struct Case<SgdUpdateArgs> {
  static constexpr bool has_integers = true;
  std::vector<double> parameter, gradient;
  double rate;

  Case(Draw& draw, TileSizes tile) {
    const std::int64_t count = draw.size(6 * tile.block + 1);
    parameter = draw.values(count);
    gradient = draw.values(count);
    rate = draw.kind() == Values::reals ? 0.125 : 3;
  }
  std::int64_t terms() const { return 2; }
  void make_absolute() { tests::make_absolute(parameter), tests::make_absolute(gradient), rate = -rate; }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* to = buffers.output(parameter);
    table.sgd_update({.parameter = to,
                      .gradient = buffers.input(gradient),
                      .count = static_cast<std::int64_t>(parameter.size()),
                      .rate = static_cast<T>(rate)});
    Results results;
    results.add_values(to, parameter.size());
    return results;
  }
};

template <>
struct Case<AdamUpdateArgs> {
  static constexpr bool has_integers = false;
  std::vector<double> parameter, gradient, m, v;

  Case(Draw& draw, TileSizes tile) {
    const std::int64_t count = draw.size(6 * tile.block + 1);
    parameter = draw.values(count);
    gradient = draw.values(count);
    m = draw.values(count);
    v = draw.values(count);
    for (double& x : v) x = std::fabs(x) + 1.0 / 16;  // where the square root is not steep
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T *to = buffers.output(parameter), *m_data = buffers.output(m), *v_data = buffers.output(v);
    table.adam_update({.parameter = to,
                       .gradient = buffers.input(gradient),
                       .m = m_data,
                       .v = v_data,
                       .count = static_cast<std::int64_t>(parameter.size()),
                       .rate = static_cast<T>(0.01),
                       .beta1 = static_cast<T>(0.9),
                       .beta2 = static_cast<T>(0.999),
                       .epsilon = static_cast<T>(1e-7)});
    Results results;
    for (const T* data : {to, m_data, v_data}) results.add_values(data, parameter.size());
    return results;
  }
};

/// What the kernels of classification share.
struct Classes {
  static constexpr bool has_integers = false;
  std::int64_t rows, classes;
  std::vector<std::int32_t> labels;
  std::vector<double> a, b, probabilities;

  Classes(Draw& draw, TileSizes) {
    rows = draw.size(9);
    classes = draw.size(33);
    a = draw.values(rows * classes);
    b = draw.values(rows * classes);
    probabilities = draw.values(rows * classes);
    for (double& p : probabilities) p = 1.0 / 32 + std::fabs(p) * 15 / 16;
    for (std::int64_t i = 0; i < rows; ++i) labels.push_back(static_cast<std::int32_t>(draw.between(0, classes - 1)));
  }

  template <class T, class F>
  Results run_on(Guard guard, std::int64_t out_size, const F& f) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(out_size);
    f(buffers, out);
    Results results;
    results.add_values(out, static_cast<std::size_t>(out_size));
    return results;
  }
};

template <>
struct Case<SoftmaxArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax({.in = buffers.input(a), .out = out, .rows = rows, .classes = classes});
    });
  }
};

template <>
struct Case<SoftmaxBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax_backward({.out = buffers.input(probabilities),
                              .out_gradient = buffers.input(b),
                              .in_gradient = out,
                              .rows = rows,
                              .classes = classes});
    });
  }
};

template <>
struct Case<CrossEntropyArgs> : Classes {
  bool from_logits;
  Case(Draw& draw, TileSizes tile) : Classes(draw, tile), from_logits(draw.flag()) {}
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows, [&](Buffers<T>& buffers, T* out) {
      table.cross_entropy({.probabilities = from_logits ? nullptr : buffers.input(probabilities),
                           .logits = from_logits ? buffers.input(a) : nullptr,
                           .labels = buffers.integers(labels),
                           .loss = out,
                           .rows = rows,
                           .classes = classes});
    });
  }
};

template <>
struct Case<CrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                    .labels = buffers.integers(labels),
                                    .gradient = out,
                                    .rows = rows,
                                    .classes = classes,
                                    .scale = static_cast<T>(0.25)});
    });
  }
};

template <>
struct Case<SoftmaxCrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax_cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                            .labels = buffers.integers(labels),
                                            .gradient = out,
                                            .rows = rows,
                                            .classes = classes,
                                            .scale = static_cast<T>(0.25)});
    });
  }
};

/// It computes nothing of interest: that it runs, and counts its work, is all there is to see.
template <>
struct Case<FmaPeakArgs> {
  static constexpr bool has_integers = false;
  std::int64_t iterations;

  Case(Draw& draw, TileSizes) : iterations(draw.size(20)) {}

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(1);
    std::int64_t* flops = buffers.template integer_output<std::int64_t>(1);
    table.fma_peak({.iterations = iterations, .out = out, .flops = flops});
    Results results;
    results.values.push_back(std::isfinite(double(*out)) && *flops >= 2 * iterations);
    return results;
  }
};

}  // namespace tilewise::test
