#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

template <>
struct Case<SliceProductArgs> {
  static constexpr bool has_integers = true;
  std::int64_t real_slices, complex_numbers, count, depth, channels;
  std::int64_t in_step, in_slice, weights_step, weights_slice, out_step, out_slice;
  bool narrow_tiles;
  std::vector<double> in, weights, out;

  Case(Draw& draw, TileSizes tile) {
    real_slices = draw.between(0, 3);
    complex_numbers = real_slices == 0 ? draw.size(2) : draw.between(0, 2);
    const std::int64_t slices = real_slices + 3 * complex_numbers, products = real_slices + 2 * complex_numbers;
    count = draw.size(2 * tile.places + 1);
    depth = draw.size(2 * tile.places + 1);
    channels = transform_channels * draw.size(transform_block / transform_channels);
    narrow_tiles = draw.flag();
    in_step = depth + draw.between(0, 3);
    in_slice = count * in_step + draw.between(0, 3);
    weights_step = channels + draw.between(0, 3);
    weights_slice = depth * weights_step + draw.between(0, 3);
    out_step = channels + draw.between(0, 3);
    out_slice = count * out_step + draw.between(0, 3);
    in = draw.values((slices - 1) * in_slice + (count - 1) * in_step + depth);
    weights = draw.values((slices - 1) * weights_slice + (depth - 1) * weights_step + channels);
    out.assign(static_cast<std::size_t>((products - 1) * out_slice + (count - 1) * out_step + channels), NAN);
  }

  std::int64_t terms() const { return complex_numbers > 0 ? 2 * depth : depth; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(weights); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* const out_data = buffers.output(out);
    table.slice_product({.in = buffers.input(in),
                         .weights = buffers.input(weights),
                         .out = out_data,
                         .in_slice = in_slice,
                         .in_step = in_step,
                         .weights_slice = weights_slice,
                         .weights_step = weights_step,
                         .out_slice = out_slice,
                         .out_step = out_step,
                         .real_slices = real_slices,
                         .complex_numbers = complex_numbers,
                         .count = count,
                         .depth = depth,
                         .channels = static_cast<std::int32_t>(channels),
                         .narrow_tiles = narrow_tiles});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

template <>
struct Case<SliceGradientArgs> {
  static constexpr bool has_integers = true;
  std::int64_t slices, count, rows, channels;
  std::int64_t in_step, in_slice, gradient_step, gradient_slice, out_step, out_slice;
  bool narrow_tiles;
  std::vector<double> in, gradient, out;

  Case(Draw& draw, TileSizes tile) {
    slices = draw.size(3);
    count = draw.size(2 * tile.places + 1);
    rows = draw.size(2 * tile.places + 1);
    channels = transform_channels * draw.size(transform_block / transform_channels);
    narrow_tiles = draw.flag();
    in_step = rows + draw.between(0, 3);
    in_slice = count * in_step + draw.between(0, 3);
    gradient_step = channels + draw.between(0, 3);
    gradient_slice = count * gradient_step + draw.between(0, 3);
    out_step = channels + draw.between(0, 3);
    out_slice = rows * out_step + draw.between(0, 3);
    in = draw.values((slices - 1) * in_slice + (count - 1) * in_step + rows);
    gradient = draw.values((slices - 1) * gradient_slice + (count - 1) * gradient_step + channels);
    out.assign(static_cast<std::size_t>((slices - 1) * out_slice + (rows - 1) * out_step + channels), NAN);
  }

  std::int64_t terms() const { return count; }
  void make_absolute() { test::make_absolute(in), test::make_absolute(gradient); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* const out_data = buffers.output(out);
    table.slice_gradient({.in = buffers.input(in),
                          .gradient = buffers.input(gradient),
                          .out = out_data,
                          .in_slice = in_slice,
                          .in_step = in_step,
                          .gradient_slice = gradient_slice,
                          .gradient_step = gradient_step,
                          .out_slice = out_slice,
                          .out_step = out_step,
                          .slices = slices,
                          .count = count,
                          .rows = rows,
                          .channels = static_cast<std::int32_t>(channels),
                          .narrow_tiles = narrow_tiles});
    Results results;
    results.add_values(out_data, out.size());
    return results;
  }
};

}  // namespace tilewise::test
