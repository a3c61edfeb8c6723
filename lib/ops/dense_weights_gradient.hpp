#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.hpp"
#include "kernels/kernels.hpp"

namespace tilewise::ops {

/// At most so many input features, whole tiles of `tile_rows`, make one item of a dense layer's backward pass.
constexpr std::int64_t dense_slice_features(std::int64_t tile_rows) noexcept {
  constexpr std::int64_t most = 48;
  return std::max(most / tile_rows, std::int64_t{1}) * tile_rows;
}

/// The gradient of a dense layer's weights. Items: (slice of inputs) x (block of outputs), so that the slice stays in
/// the nearest cache for all outputs; each sums all samples in order.
struct DenseWeightsGradient {
  std::int64_t in, out;
  std::int64_t block_size, slice_features;

  DenseWeightsGradient(std::int64_t in, std::int64_t out, std::int64_t block_size, std::int64_t tile_rows)
      : in(in), out(out), block_size(block_size), slice_features(dense_slice_features(tile_rows)) {}

  std::int64_t blocks() const noexcept { return base::ceil_div(out, block_size); }
  std::int64_t items() const noexcept { return blocks() * base::ceil_div(in, slice_features); }
  /// The packed weights of an item: they are neighbours.
  std::int64_t begin(std::int64_t item) const noexcept { return (block(item) * in + feature(item)) * block_size; }
  std::int64_t count(std::int64_t item) const noexcept { return features(item) * block_size; }
  /// From an item to the same of the next slice of inputs.
  std::int64_t step() const noexcept { return slice_features * block_size; }

  /// to: count(item) elements.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* x, const T* out_gradient, std::int64_t batch,
           std::int64_t item, T* to) const {
    const std::int64_t first_output = block(item) * block_size;
    kernels::ConvWeightsTileArgs<T> args{};
    args.in = x + feature(item);
    args.out_gradient = out_gradient + first_output;
    args.weights_gradient = to;
    args.in_column = in;
    args.out_column = out;
    args.images = args.rows = 1;
    args.columns = batch;
    args.in_channels = features(item);
    args.out_channels = static_cast<std::int32_t>(std::min(block_size, out - first_output));
    args.ahead = slice_features;
    table.conv_weights_tile(args);
  }

 private:
  std::int64_t block(std::int64_t item) const noexcept { return item % blocks(); }
  std::int64_t feature(std::int64_t item) const noexcept { return item / blocks() * slice_features; }
  std::int64_t features(std::int64_t item) const noexcept { return std::min(slice_features, in - feature(item)); }
};

}  // namespace tilewise::ops
