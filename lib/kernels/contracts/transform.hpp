#pragma once

#include <cstdint>

#include "kernels/contracts/convolution.hpp"

/// Contracts: 3x3 convolution of stride 1 in a transform domain. A transform T(x) of one tile of the input, U(w) of the
/// weights and back: output = B(T(x) * U(w)), where * is a product of real numbers, slice by slice, summed over the
/// input channels. So each slice is a small matrix product, [tile][in] times [in][out], and there are fewer slices than
/// direct convolution has products. T and B go along rows first and last, and along columns between: a tile's rows
/// become a half-transformed tile, whose columns become slices, one group of slices after the other. So a group of many
/// tiles' slices can pass through the cache at a time. kernels.hpp has the rules for all kernels.
namespace tilewise::kernels {

/// What a transform's tiles look like. An axis of a tile has `slots` places of the input and gives `outputs` places of
/// the output, and as many coefficients as slots; all are the same for every ISA.
struct TransformShape {
  const char* name;
  std::int32_t slots;
  std::int32_t outputs;  ///< of a tile among others
  std::int32_t slices;
  std::int32_t groups;
  /// Whether slots are counted modulo `slots`, as in a Fourier transform. Then a tile whose map leaves enough slots
  /// zero gives up to `slots` outputs.
  bool cyclic;
  bool near_direct;  ///< whether its errors are those of direct convolution

  /// Groups have equally many slices, but for the first, which may have fewer.
  constexpr std::int32_t group_slices() const { return (slices + groups - 1) / groups; }
  constexpr std::int32_t first_slice(std::int32_t group) const {
    return group == 0 ? 0 : slices - (groups - group) * group_slices();
  }
  constexpr std::int32_t slices_of(std::int32_t group) const { return first_slice(group + 1) - first_slice(group); }

  /// Slices of M in each group. A complex number of a Fourier transform takes three slices of V and U, but two of M; a
  /// group's complex numbers come after what is real.
  constexpr std::int32_t group_products() const { return slots * slots / groups; }
  constexpr std::int32_t complex_numbers(std::int32_t group) const { return slices_of(group) - group_products(); }
  constexpr std::int32_t real_slices(std::int32_t group) const { return group_products() - 2 * complex_numbers(group); }
};

/// Groups [begin, end) of a transform's slices.
struct SliceGroups {
  std::int32_t begin, end;
};

/// One axis of a tile on its map. Slot s lies at place s, from the tile's own first place, but the last slot at place
/// `last`: a cyclic tile's last slot stands before its first.
struct TileAxis {
  std::uint32_t on_map;  ///< bit s: slot s lies on the map; the others read as zero, and are not written
  std::int32_t last;
};

/// Channels of half-transformed tiles, V, M and U come in multiples of these, whatever the ISA.
inline constexpr std::int64_t transform_channels = 16;
/// The largest block of U.
inline constexpr std::int64_t transform_block = 64;

/// Of a half-transformed tile: [transform_channels of channels][coefficient][row slot][channel]. Rows that are not on
/// the map are neither written nor read.
constexpr std::int64_t half_tile_elements(std::int64_t slots, std::int64_t channels) {
  return (channels + transform_channels - 1) / transform_channels * transform_channels * slots * slots;
}

/// half = each row of the tile map[row*row_step + column*column_step + k], 0 <= k < channels, transformed; zeros up to
/// the next multiple of transform_channels. Not adjoint: T, on an axis of TransformShape::slots. Adjoint: B's adjoint,
/// of a gradient of the outputs, which are the first slots of each axis.
template <class T>
struct ToHalfArgs {
  const T* map;
  T* half;
  std::int64_t row_step, column_step;
  std::int64_t channels;
  TileAxis rows, columns;
  bool adjoint;
};

/// slices[s*slice_step + k] = slice s, counted from the first one of `groups`, of a half-transformed tile: its columns
/// transformed. rows and adjoint: as they were for ToHalfArgs. channels: a multiple of transform_channels.
template <class T>
struct ToSlicesArgs {
  const T* half;
  T* slices;
  std::int64_t slice_step;
  std::int64_t channels;
  TileAxis rows;
  SliceGroups groups;
  bool adjoint;
};

/// The way back: the coefficients of `half` that the products of the slices of `groups` make. Not adjoint: B, the
/// outputs being the first slots of each axis. Adjoint: T's adjoint, the gradient of the input.
template <class T>
struct FromSlicesArgs {
  const T* products;
  T* half;
  std::int64_t product_step;
  std::int64_t channels;
  TileAxis rows;
  SliceGroups groups;
  bool adjoint;
};

/// map[row*row_step + column*column_step + k] = activation(result + bias[k]), or += with a bit of an accumulate set:
/// row slot or column slot. bias may be null.
template <class T>
struct FromHalfArgs {
  const T* half;
  T* map;
  const T* bias;
  std::int64_t row_step, column_step;
  std::int64_t channels;
  TileAxis rows, columns;
  std::uint32_t accumulate_rows, accumulate_columns;
  bool adjoint;
  Activation activation;
};

/// slices[s*slice_step + i*slices_row + n] = slice s, counted from the first one of `groups`, of U(taps),
/// taps[r*tap_row + c*tap_column + i*taps_row + n] being the weight of tap (r, c), for 0 <= i < rows, 0 <= n <
/// channels, a multiple of transform_channels.
template <class T>
struct WeightSlicesArgs {
  const T* taps;
  T* slices;
  std::int64_t tap_row, tap_column, taps_row;
  std::int64_t slice_step, slices_row;
  std::int64_t rows, channels;
  SliceGroups groups;
};

/// U's adjoint of slices, along columns: half[(coefficient*3 + r)*half_step + i*half_row + n], for the coefficients of
/// `groups` and tap rows r; with accumulate, added to it.
template <class T>
struct WeightHalfArgs {
  const T* slices;
  T* half;
  std::int64_t slice_step, slices_row;
  std::int64_t half_step, half_row;
  std::int64_t rows, channels;
  SliceGroups groups;
  bool accumulate;
};

/// And along rows: taps = the gradient of the weights, of half[] whole.
template <class T>
struct WeightTapsArgs {
  const T* half;
  T* taps;
  std::int64_t half_step, half_row;
  std::int64_t tap_row, tap_column, taps_row;
  std::int64_t rows, channels;
};

/// Slices of M from those of V and U: first `real_slices` of each, the product of slice s being
/// out[s*out_slice + t*out_step + n] = sum_{k<depth} in[s*in_slice + t*in_step + k] *
/// weights[s*weights_slice + k*weights_step + n] for 0 <= t < count and 0 <= n < channels, as one chain of fused
/// multiply-adds in the order of k, from zero. Then, for each complex number, three slices of `in` and of `weights`, of
/// products p, q and r, make two of `out`: p + q and p + r, the chain of p continued. count may be 0. channels: a
/// multiple of transform_channels, at most transform_block.
template <class T>
struct SliceProductArgs {
  const T* in;
  const T* weights;
  T* out;
  std::int64_t in_slice, in_step;
  std::int64_t weights_slice, weights_step;
  std::int64_t out_slice, out_step;
  std::int64_t real_slices, complex_numbers, count, depth;
  std::int32_t channels;
  bool narrow_tiles = false;  ///< as KernelTable has it: the sums are the same
};

/// The gradients of the weights of `slices` slices: out[s*out_slice + k*out_step + n] = sum_{t<count}
/// in[s*in_slice + t*in_step + k] * gradient[s*gradient_slice + t*gradient_step + n] for 0 <= k < rows and
/// 0 <= n < channels, as one chain in the order of t, from zero. channels as in SliceProductArgs.
template <class T>
struct SliceGradientArgs {
  const T* in;
  const T* gradient;
  T* out;
  std::int64_t in_slice, in_step;
  std::int64_t gradient_slice, gradient_step;
  std::int64_t out_slice, out_step;
  std::int64_t slices, count, rows;
  std::int32_t channels;
  bool narrow_tiles = false;  ///< as KernelTable has it: the sums are the same
};

/// The kernels of one transform on one ISA.
template <class T>
struct TransformKernels {
  void (*to_half)(const ToHalfArgs<T>&) = nullptr;
  void (*to_slices)(const ToSlicesArgs<T>&) = nullptr;
  void (*from_slices)(const FromSlicesArgs<T>&) = nullptr;
  void (*from_half)(const FromHalfArgs<T>&) = nullptr;
  void (*weight_slices)(const WeightSlicesArgs<T>&) = nullptr;
  void (*weight_half)(const WeightHalfArgs<T>&) = nullptr;
  void (*weight_taps)(const WeightTapsArgs<T>&) = nullptr;
};

/// THE list of transforms; a new one is a line of transforms.inc and a header in transform/.
enum class Transform : std::uint8_t {
#define TRANSFORM(name, Type, slots, outputs, slices, groups, cyclic, near_direct) name,
#include "kernels/transforms.inc"
#undef TRANSFORM
};

inline constexpr TransformShape transform_shapes[] = {
#define TRANSFORM(name, Type, slots, outputs, slices, groups, cyclic, near_direct) \
  {#name, slots, outputs, slices, groups, cyclic, near_direct},
#include "kernels/transforms.inc"
#undef TRANSFORM
};
constexpr const TransformShape& shape_of(Transform transform) {
  return transform_shapes[static_cast<int>(transform)];
}
inline constexpr int transform_count = sizeof(transform_shapes) / sizeof(transform_shapes[0]);

}  // namespace tilewise::kernels
