#pragma once

#include <cstdint>

#include "kernels/contracts/convolution.hpp"

/// Contracts: pooling. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// The part of a pooling window that lies on real input, and the window's own width, which numbers its positions:
/// position (r, c) of the part has the number (first_row + r) * window_columns + first_column + c.
struct PoolWindow {
  std::int32_t rows, columns;  ///< of the part, at least 1 each
  std::int32_t first_row, first_column;
  std::int32_t window_columns;
};

/// out[i*out_step + k] = the largest in[i*in_step + r*in_row + c*in_column + k] over the window, and index[i*out_step +
/// k] its number: the first in row order of equal ones. NaN counts as the largest. 0 <= i < count, 0 <= k < channels.
/// index holds uint32 if wide_index, else uint8. With an activation, out is its value of the largest, and under ReLU
/// the index of one that is not above zero is dead_index_u32 or dead_index_u8.
template <class T>
struct MaxPoolArgs {
  const T* in;
  T* out;
  void* index;  ///< null: not wanted
  std::int64_t in_step, in_row, in_column;
  std::int64_t out_step;
  std::int64_t count, channels;
  PoolWindow window;
  bool wide_index;
  Activation activation = Activation::none;
};

/// in_gradient[i*in_step + r*in_row + c*in_column + k] = (or += with accumulate) out_gradient[i*out_step + k] where
/// index[i*out_step + k] is the number of (r, c), else zero (or nothing). Windows of different i do not overlap.
template <class T>
struct MaxPoolBackwardArgs {
  const T* out_gradient;
  const void* index;
  T* in_gradient;
  std::int64_t in_step, in_row, in_column;
  std::int64_t out_step;
  std::int64_t count, channels;
  PoolWindow window;
  bool wide_index;
  bool accumulate;
};

/// How many positions an average-pool adds to one partial sum: a single chain over a huge window would stall once its
/// sum is 2^24 times its terms.
inline constexpr std::int32_t average_pool_chain = 1024;

/// out[i*out_step + k] = (sum over the window of in[i*in_step + r*in_row + c*in_column + k]) / divisor. The positions
/// are numbered in row order; each average_pool_chain of them are added one after the other to a partial sum that
/// begins at zero, and the partial sums are added in order.
template <class T>
struct AveragePoolArgs {
  const T* in;
  T* out;
  std::int64_t in_step, in_row, in_column;
  std::int64_t out_step;
  std::int64_t count, channels;
  std::int32_t rows, columns;
  T divisor;
};

/// in_gradient[i*in_step + r*in_row + c*in_column + k] += out_gradient[i*out_step + k] / divisor over the window.
/// Windows of different i do not overlap.
template <class T>
struct AveragePoolBackwardArgs {
  const T* out_gradient;
  T* in_gradient;
  std::int64_t in_step, in_row, in_column;
  std::int64_t out_step;
  std::int64_t count, channels;
  std::int32_t rows, columns;
  T divisor;
};

}  // namespace tilewise::kernels
