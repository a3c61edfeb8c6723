#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"
#include "support/catch.hpp"
#include "support/draw.hpp"
#include "support/guarded.hpp"

// One tile of a transform: drawn, computed directly in double precision, and by the kernels of an ISA.
namespace tilewise::test {

using namespace kernels;

/// One axis of a tile, and of its outputs.
struct DrawnAxis {
  TileAxis in, out;
};

/// One tile with its weights and the gradient of its outputs, all in doubles: dense, by slot.
struct TileCase {
  const TransformShape* shape;
  std::int64_t in_channels, out_channels;
  DrawnAxis rows, columns;
  std::vector<double> x, w, dy;  // [slot][slot][in], [3][3][in][out], [slot][slot][out]

  int slots() const { return shape->slots; }
  /// Outputs are first slots of an axis of so many.
  int out_slots() const { return shape->cyclic ? shape->slots : shape->outputs; }

  TileCase(const TransformShape& of, Draw& draw) : shape(&of) {
    in_channels = draw.between(1, 37);
    out_channels = draw.between(1, 37);
    rows = axis(draw);
    columns = axis(draw);
    x = masked(draw, slots(), rows.in, columns.in, in_channels);
    dy = masked(draw, out_slots(), rows.out, columns.out, out_channels);
    w = draw.values(9 * in_channels * out_channels);
  }

  /// Of output slot (row, column), its input slot under tap (r, c).
  std::int64_t in_place(int row, int column, int r, int c) const {
    const int shift = shape->cyclic ? shape->slots - 1 : 0;  // the middle tap stands at the output's own slot
    return (row + r + shift) % slots() * slots() + (column + c + shift) % slots();
  }

  /// f(output place, input place, tap) for all that belong together.
  template <class F>
  void for_each_product(const F& f) const {
    for (int row = 0; row < out_slots(); ++row)
      for (int column = 0; column < out_slots(); ++column)
        for (int tap = 0; tap < 9; ++tap) f(row * out_slots() + column, in_place(row, column, tap / 3, tap % 3), tap);
  }

  double weight(std::int64_t tap, std::int64_t k, std::int64_t n) const {
    return w[static_cast<std::size_t>((tap * in_channels + k) * out_channels + n)];
  }

 private:
  DrawnAxis axis(Draw& draw) const {
    const std::int32_t in_last = shape->cyclic && draw.flag() ? -1 : slots() - 1;
    const auto any = [&](int count) { return static_cast<std::uint32_t>(draw.between(1, (1 << count) - 1)); };
    const auto leading = [&](int count) { return (1u << draw.between(1, count)) - 1; };
    const bool common = shape->cyclic && draw.flag();  // the slots of a map of 7 or 14 places
    const std::uint32_t first = (1u << (slots() == 8 ? 7 : 14)) - 1;
    return {{common        ? first
             : draw.flag() ? any(slots())
                           : leading(slots()),
             in_last},
            {common ? first : leading(out_slots()), out_slots() - 1}};
  }
  static std::vector<double> masked(Draw& draw, int size, TileAxis rows, TileAxis columns, std::int64_t channels) {
    std::vector<double> values = draw.values(size * size * channels);
    for (int place = 0; place < size * size; ++place)
      if (!(rows.on_map >> (place / size) & 1) || !(columns.on_map >> (place % size) & 1))
        std::fill_n(values.begin() + place * channels, channels, 0.0);
    return values;
  }
};

/// A tile's map as a kernel sees it: with room between its rows and places, and not an element more than it needs.
class TileMap {
 public:
  TileMap(int slots, TileAxis rows, TileAxis columns, std::int64_t channels, Draw& draw)
      : slots_(slots), rows_(rows), columns_(columns), channels_(channels) {
    column_step = channels + draw.between(0, 3);
    row_step = (slots + 1) * column_step + draw.between(0, 3);
    first_ = INT64_MAX;
    for_each_slot([&](std::int64_t, std::int64_t at) {
      first_ = std::min(first_, at);
      last_ = std::max(last_, at + channels_);
    });
  }

  std::int64_t row_step, column_step;

  /// What the map's memory holds for dense values, and back.
  std::vector<double> spread(const std::vector<double>& dense, double between) const {
    std::vector<double> memory(static_cast<std::size_t>(last_ - first_), between);
    for_each_slot([&](std::int64_t place, std::int64_t at) {
      std::copy_n(dense.begin() + place * channels_, channels_, memory.begin() + (at - first_));
    });
    return memory;
  }
  std::vector<double> gather(const float* memory) const {
    std::vector<double> dense(static_cast<std::size_t>(slots_ * slots_ * channels_), 0.0);
    for_each_slot([&](std::int64_t place, std::int64_t at) {
      for (std::int64_t k = 0; k < channels_; ++k)
        dense[static_cast<std::size_t>(place * channels_ + k)] = memory[at - first_ + k];
    });
    return dense;
  }
  /// The tile's place (0, 0), from the memory's first element.
  std::int64_t origin() const { return -first_; }

 private:
  template <class F>
  void for_each_slot(const F& f) const {
    for (int r = 0; r < slots_; ++r)
      for (int c = 0; c < slots_; ++c)
        if ((rows_.on_map >> r & 1) && (columns_.on_map >> c & 1))
          f(r * slots_ + c, place(rows_, r) * row_step + place(columns_, c) * column_step);
  }
  std::int64_t place(const TileAxis& axis, int slot) const { return slot == slots_ - 1 ? axis.last : slot; }

  int slots_;
  TileAxis rows_, columns_;
  std::int64_t channels_, first_ = 0, last_ = 0;
};

inline std::int64_t whole(std::int64_t channels) {
  return (channels + transform_channels - 1) / transform_channels * transform_channels;
}

/// The tile's results on one ISA, dense as in TileCase.
struct TileResults {
  std::vector<double> y, dx, dw;
};

/// Runs all kernels of the case's transform.
class TileRun {
 public:
  TileRun(const TileCase& tile, const KernelTable<float>& table, Guard guard, Draw draw)
      : tile_(tile),
        table_(table),
        kernels_(table.transforms[tile.shape - transform_shapes]),
        buffers_(guard),
        draw_(draw),
        in_(whole(tile.in_channels)),
        out_(whole(tile.out_channels)) {}

  TileResults run() {
    const float* const v = to_slices(tile_.x, tile_.slots(), tile_.rows.in, tile_.columns.in, tile_.in_channels, false);
    const float* const z =
        to_slices(tile_.dy, tile_.out_slots(), tile_.rows.out, tile_.columns.out, tile_.out_channels, true);
    TileResults results;
    results.y = from_slices(product(v, weight_slices(false), in_, out_, tile_.in_channels), tile_.out_slots(),
                            tile_.rows.out, tile_.columns.out, tile_.out_channels, false);
    results.dx = from_slices(product(z, weight_slices(true), out_, in_, tile_.out_channels), tile_.slots(),
                             tile_.rows.in, tile_.columns.in, tile_.in_channels, true);
    results.dw = weights_gradient(v, z);
    return results;
  }

 private:
  std::int64_t slices() const { return tile_.shape->slices; }

  /// f(groups, their first slice) for drawn ranges that make up all groups.
  template <class F>
  void for_each_range(const F& f) {
    for (SliceGroups groups{0, 0}; groups.end < tile_.shape->groups;) {
      groups = {groups.end, static_cast<std::int32_t>(draw_.between(groups.end + 1, tile_.shape->groups))};
      f(groups, std::int64_t{tile_.shape->first_slice(groups.begin)});
    }
  }

  const float* to_slices(const std::vector<double>& dense, int slots, TileAxis rows, TileAxis columns,
                         std::int64_t channels, bool adjoint) {
    const TileMap map(slots, rows, columns, channels, draw_);
    const std::int64_t width = whole(channels);
    float* const half = buffers_.output(half_tile_elements(tile_.slots(), channels));
    kernels_.to_half({.map = buffers_.input(map.spread(dense, 1e6)) + map.origin(),
                      .half = half,
                      .row_step = map.row_step,
                      .column_step = map.column_step,
                      .channels = channels,
                      .rows = rows,
                      .columns = columns,
                      .adjoint = adjoint});
    float* const slices = buffers_.output(this->slices() * width);
    for_each_range([&](SliceGroups groups, std::int64_t first) {
      kernels_.to_slices({.half = half,
                          .slices = slices + first * width,
                          .slice_step = width,
                          .channels = width,
                          .rows = rows,
                          .groups = groups,
                          .adjoint = adjoint});
    });
    for (std::int64_t s = 0; s < this->slices(); ++s)
      for (std::int64_t k = channels; k < width; ++k) REQUIRE(slices[s * width + k] == 0);
    return slices;
  }

  /// Twice onto the same map: what is accumulated, by rows or columns, is then there twice.
  std::vector<double> from_slices(const float* products, int slots, TileAxis rows, TileAxis columns,
                                  std::int64_t channels, bool adjoint) {
    const TileMap map(slots, rows, columns, channels, draw_);
    constexpr double between = 1e6;
    float* const memory = buffers_.output(
        map.spread(std::vector<double>(static_cast<std::size_t>(slots * slots * channels), NAN), between));
    const std::int64_t width = whole(channels);
    float* const half = buffers_.output(half_tile_elements(tile_.slots(), channels));
    for_each_range([&](SliceGroups groups, std::int64_t) {
      kernels_.from_slices({.products = products + groups.begin * tile_.shape->group_products() * width,
                            .half = half,
                            .product_step = width,
                            .channels = width,
                            .rows = rows,
                            .groups = groups,
                            .adjoint = adjoint});
    });
    FromHalfArgs<float> args{.half = half,
                             .map = memory + map.origin(),
                             .bias = nullptr,
                             .row_step = map.row_step,
                             .column_step = map.column_step,
                             .channels = channels,
                             .rows = rows,
                             .columns = columns,
                             .accumulate_rows = 0,
                             .accumulate_columns = 0,
                             .adjoint = adjoint,
                             .activation = Activation::none};
    kernels_.from_half(args);
    const std::vector<double> once = map.gather(memory);
    args.accumulate_rows = static_cast<std::uint32_t>(draw_.between(0, (1 << slots) - 1));
    args.accumulate_columns = static_cast<std::uint32_t>(draw_.between(0, (1 << slots) - 1));
    kernels_.from_half(args);
    const std::vector<double> twice = map.gather(memory);
    for (std::size_t i = 0; i < once.size(); ++i) {
      const auto place = static_cast<int>(static_cast<std::int64_t>(i) / channels);
      const bool accumulates =
          (args.accumulate_rows >> (place / slots) & 1) || (args.accumulate_columns >> (place % slots) & 1);
      REQUIRE(twice[i] == (accumulates ? 2 * once[i] : once[i]));
    }
    std::vector<double> expected = map.spread(twice, between);
    for (std::size_t i = 0; i < expected.size(); ++i)
      if (expected[i] == between) REQUIRE(memory[i] == float(between));
    check_activation(args, map, memory, once);
    return once;
  }

  void check_activation(FromHalfArgs<float> args, const TileMap& map, const float* memory,
                        const std::vector<double>& plain) {
    const std::vector<double> bias = draw_.values(args.channels);
    args.accumulate_rows = args.accumulate_columns = 0;
    args.bias = buffers_.input(bias);
    args.activation = draw_.flag() ? Activation::relu : Activation::none;
    kernels_.from_half(args);
    const std::vector<double> found = map.gather(memory);
    const auto on_map = map.spread(std::vector<double>(plain.size(), 1.0), 0.0);
    std::vector<double> expected = plain;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const float sum = float(plain[i]) + float(bias[i % bias.size()]);
      expected[i] = args.activation == Activation::relu ? std::max(sum, 0.f) : sum;
    }
    REQUIRE(found == map.gather(as_floats(map.spread(expected, 0.0)).data()));
  }

  static std::vector<float> as_floats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

  /// Of the weights, or transposed: [slice][in][out], [slice][out][in].
  const float* weight_slices(bool transposed) {
    const std::int64_t rows = transposed ? tile_.out_channels : tile_.in_channels;
    const std::int64_t columns = transposed ? tile_.in_channels : tile_.out_channels, width = transposed ? in_ : out_;
    std::vector<double> taps(static_cast<std::size_t>(9 * rows * width), 0.0);
    for (std::int64_t tap = 0; tap < 9; ++tap)
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t n = 0; n < columns; ++n)
          taps[static_cast<std::size_t>((tap * rows + i) * width + n)] =
              transposed ? tile_.weight(tap, n, i) : tile_.weight(tap, i, n);
    float* const slices = buffers_.output(this->slices() * rows * width);
    const float* const input = buffers_.input(taps);
    for_each_range([&](SliceGroups groups, std::int64_t first) {
      kernels_.weight_slices({.taps = input,
                              .slices = slices + first * rows * width,
                              .tap_row = 3 * rows * width,
                              .tap_column = rows * width,
                              .taps_row = width,
                              .slice_step = rows * width,
                              .slices_row = width,
                              .rows = rows,
                              .channels = width,
                              .groups = groups});
    });
    return slices;
  }

  const float* product(const float* in, const float* weights, std::int64_t in_width, std::int64_t out_width,
                       std::int64_t depth) {
    const TransformShape& shape = *tile_.shape;
    float* const out = buffers_.output(shape.groups * shape.group_products() * out_width);
    for (std::int32_t group = 0; group < shape.groups; ++group)
      table_.slice_product({.in = in + shape.first_slice(group) * in_width,
                            .weights = weights + shape.first_slice(group) * depth * out_width,
                            .out = out + group * shape.group_products() * out_width,
                            .in_slice = in_width,
                            .in_step = in_width,
                            .weights_slice = depth * out_width,
                            .weights_step = out_width,
                            .out_slice = out_width,
                            .out_step = out_width,
                            .real_slices = shape.real_slices(group),
                            .complex_numbers = shape.complex_numbers(group),
                            .count = 1,
                            .depth = depth,
                            .channels = static_cast<std::int32_t>(out_width)});
    return out;
  }

  std::vector<double> weights_gradient(const float* v, const float* z) {
    float* const slices = buffers_.output(this->slices() * tile_.in_channels * out_);
    table_.slice_gradient({.in = v,
                           .gradient = z,
                           .out = slices,
                           .in_slice = in_,
                           .in_step = in_,
                           .gradient_slice = out_,
                           .gradient_step = out_,
                           .out_slice = tile_.in_channels * out_,
                           .out_step = out_,
                           .slices = this->slices(),
                           .count = 1,
                           .rows = tile_.in_channels,
                           .channels = static_cast<std::int32_t>(out_)});
    const std::int64_t step = tile_.in_channels * out_;
    float* const half = buffers_.output(3 * tile_.slots() * step);
    const bool twice = draw_.flag();
    for_each_range([&](SliceGroups groups, std::int64_t first) {
      WeightHalfArgs<float> args{.slices = slices + first * step,
                                 .half = half,
                                 .slice_step = step,
                                 .slices_row = out_,
                                 .half_step = step,
                                 .half_row = out_,
                                 .rows = tile_.in_channels,
                                 .channels = out_,
                                 .groups = groups,
                                 .accumulate = false};
      kernels_.weight_half(args);
      args.accumulate = true;
      if (twice) kernels_.weight_half(args);
    });
    float* const taps = buffers_.output(9 * step);
    kernels_.weight_taps({.half = half,
                          .taps = taps,
                          .half_step = step,
                          .half_row = out_,
                          .tap_row = 3 * step,
                          .tap_column = step,
                          .taps_row = out_,
                          .rows = tile_.in_channels,
                          .channels = out_});
    std::vector<double> dense;
    for (std::int64_t row = 0; row < 9 * tile_.in_channels; ++row)
      for (std::int64_t n = 0; n < tile_.out_channels; ++n) dense.push_back(taps[row * out_ + n] / (twice ? 2 : 1));
    return dense;
  }

  const TileCase& tile_;
  const KernelTable<float>& table_;
  const TransformKernels<float>& kernels_;
  Buffers<float> buffers_;
  Draw draw_;
  std::int64_t in_, out_;  ///< channels, filled up
};

/// Directly, in double precision; results off the map are left zero, as the kernels leave them.
inline TileResults direct(const TileCase& tile) {
  const std::int64_t in = tile.in_channels, out = tile.out_channels;
  TileResults results;
  results.y.assign(tile.dy.size(), 0.0);
  results.dx.assign(tile.x.size(), 0.0);
  results.dw.assign(tile.w.size(), 0.0);
  tile.for_each_product([&](std::int64_t y_place, std::int64_t x_place, std::int64_t tap) {
    for (std::int64_t k = 0; k < in; ++k)
      for (std::int64_t n = 0; n < out; ++n) {
        const double x = tile.x[static_cast<std::size_t>(x_place * in + k)];
        const double dy = tile.dy[static_cast<std::size_t>(y_place * out + n)];
        results.y[static_cast<std::size_t>(y_place * out + n)] += x * tile.weight(tap, k, n);
        results.dx[static_cast<std::size_t>(x_place * in + k)] += dy * tile.weight(tap, k, n);
        results.dw[static_cast<std::size_t>((tap * in + k) * out + n)] += x * dy;
      }
  });
  const auto drop = [](std::vector<double>& values, int slots, TileAxis rows, TileAxis columns, std::int64_t channels) {
    for (int place = 0; place < slots * slots; ++place)
      if (!(rows.on_map >> (place / slots) & 1) || !(columns.on_map >> (place % slots) & 1))
        std::fill_n(values.begin() + place * channels, channels, 0.0);
  };
  drop(results.y, tile.out_slots(), tile.rows.out, tile.columns.out, out);
  drop(results.dx, tile.slots(), tile.rows.in, tile.columns.in, in);
  return results;
}

}  // namespace tilewise::test
