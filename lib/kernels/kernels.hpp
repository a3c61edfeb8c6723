#pragma once

#include <cstdint>

/// The contract of every kernel. A kernel knows one tile and one core: it takes plain pointers and strides (in
/// elements, not bytes), allocates nothing, throws nothing, keeps nothing, and touches no element that its contract
/// does not name. T is float, double or std::int64_t; only float has tables beyond the reference.
namespace tilewise::kernels {

enum class Activation : std::uint8_t { none, relu };

/// Marks, in a max-pool's index, an output whose gradient reaches no input: its value was no more than zero under a
/// ReLU.
inline constexpr std::uint8_t dead_index_u8 = 0xFF;
inline constexpr std::uint32_t dead_index_u32 = 0xFFFFFFFF;
/// Windows of at most this many positions keep their index in a byte, larger ones in 32 bits.
inline constexpr int max_u8_positions = 254;

/// The kernel taps that reach real input at one output position: a rectangle, since padding cuts off whole rows and
/// columns. Taps in the padding are skipped, not multiplied by zero.
struct ConvTaps {
  std::int64_t in_offset;       ///< from `in` to the input of the rectangle's first tap
  std::int64_t weights_offset;  ///< from `weights` to the weights of the rectangle's first tap
  std::int32_t rows;            ///< 0 rows or columns: the sum is empty
  std::int32_t columns;
};

/// Direct convolution of one tile: `count` places (images, or neighbouring columns) that share their taps, times one
/// block of output channels. It serves forward, backward-data (with transposed weights and steps of its own) and, as
/// the 1x1 case, dense.
///
///   sum[i][n] = start[n] + sum_{r<rows} sum_{c<columns} sum_{k<in_channels}
///               in[i*in_step + in_offset + r*in_row + c*in_column + k] *
///               weights[weights_offset + r*weights_row + c*weights_column + k*channel_block + n]
///
/// for 0 <= i < count, 0 <= n < out_channels, as one chain of fused multiply-adds in the order (r, c, k). `start` is
/// bias, zero if bias is null, or, with `accumulate`, what out holds. Then
/// * position_count == 1: out[i*out_step + n] = activation(sum);
/// * position_count > 1 (max-pool of that many positions, at most max_u8_positions, no accumulate): out =
/// activation(largest sum)
///   and index[i*index_step + n] = the number of the first position that has it; dead_index_u8 if the activation is
///   ReLU and the largest sum is not above zero. NaN counts as the largest, and is not above zero.
/// `weights` and `bias` hold channel_block columns (KernelTable), of which those from out_channels on are ignored.
template <class T>
struct ConvTileArgs {
  const T* in;
  const T* weights;
  const T* bias;  ///< may be null
  T* out;
  std::uint8_t* index;  ///< null: not wanted; unused if position_count == 1
  const ConvTaps* positions;
  std::int64_t in_step, in_row, in_column;
  std::int64_t weights_row, weights_column;
  std::int64_t out_step, index_step;
  std::int64_t count;
  std::int64_t in_channels;
  std::int32_t position_count;
  std::int32_t out_channels;  ///< 1 to channel_block
  bool accumulate;
  Activation activation;
};

/// Backward-weights of one tap (or of dense) for one block of output channels:
///
///   weights_gradient[k*channel_block + n] = start + sum_{i<images} sum_{r<rows} sum_{c<columns}
///       in[i*in_image + r*in_row + c*in_column + k] * out_gradient[i*out_image + r*out_row + c*out_column + n]
///
/// for 0 <= k < in_channels, 0 <= n < channel_block, as one chain of fused multiply-adds in the order (i, r, c).
/// `start` is zero, or with `accumulate` what weights_gradient holds. Columns n >= out_channels of out_gradient are not
/// read and give zeros.
template <class T>
struct ConvWeightsTileArgs {
  const T* in;
  const T* out_gradient;
  T* weights_gradient;
  std::int64_t in_image, in_row, in_column;
  std::int64_t out_image, out_row, out_column;
  std::int64_t images, rows, columns;
  std::int64_t in_channels;
  std::int32_t out_channels;  ///< 1 to channel_block
  bool accumulate;
};

/// out[n] = start + sum_{i<rows} in[i*in_step + n] for 0 <= n < columns, in the order of i; start is zero, or out[n]
/// with accumulate.
template <class T>
struct ColumnSumArgs {
  const T* in;
  T* out;
  std::int64_t in_step;
  std::int64_t rows, columns;
  bool accumulate;
};

/// out[c*out_step + r] = in[r*in_step + c] for 0 <= r < rows, 0 <= c < columns.
template <class T>
struct TransposeArgs {
  const T* in;
  T* out;
  std::int64_t in_step, out_step;
  std::int64_t rows, columns;
};

/// The part of a pooling window that lies on real input, and the window's own width, which numbers its positions:
/// position (r, c) of the part has the number (first_row + r) * window_columns + first_column + c.
struct PoolWindow {
  std::int32_t rows, columns;  ///< of the part, at least 1 each
  std::int32_t first_row, first_column;
  std::int32_t window_columns;
};

/// out[i*out_step + k] = the largest in[i*in_step + r*in_row + c*in_column + k] over the window, and index[i*out_step +
/// k] its number: the first in row order of equal ones. NaN counts as the largest. 0 <= i < count, 0 <= k < channels.
/// index holds uint32 if wide_index, else uint8.
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

/// out[i*out_step + k] = (sum over the window of in[i*in_step + r*in_row + c*in_column + k], in row order) / divisor.
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

/// out[i] = in[i] if it is above zero or NaN, else 0. May work in place.
template <class T>
struct ReluArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

/// in_gradient[i] = out_gradient[i] where out[i] > 0, else 0. `out` is the ReLU's result. May work in place.
template <class T>
struct ReluBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t count;
};

/// out[i] = a[i] + b[i]. May work in place.
template <class T>
struct AddArgs {
  const T* a;
  const T* b;
  T* out;
  std::int64_t count;
};

/// out[i][j] = exp(in[i][j] - max_j) / sum_j, rows dense. Absent for int64.
template <class T>
struct SoftmaxArgs {
  const T* in;
  T* out;
  std::int64_t rows, classes;
};

/// in_gradient[i][j] = out[i][j] * (out_gradient[i][j] - sum_l out[i][l] * out_gradient[i][l]). Absent for int64.
template <class T>
struct SoftmaxBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t rows, classes;
};

/// loss[i] = -log(p), p = probabilities[i][labels[i]] kept within [1e-7, 1 - 1e-7] as Keras does; with `logits`
/// instead, the stable -log softmax(logits)[i][labels[i]] (then probabilities is not read). Exactly one of the two is
/// non-null. Absent for int64.
template <class T>
struct CrossEntropyArgs {
  const T* probabilities;
  const T* logits;
  const std::int32_t* labels;
  T* loss;
  std::int64_t rows, classes;
};

/// gradient[i][j] = -scale / probabilities[i][j] at j = labels[i] (zero where cross_entropy clips), zero elsewhere.
/// Absent for int64.
template <class T>
struct CrossEntropyBackwardArgs {
  const T* probabilities;
  const std::int32_t* labels;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

/// gradient[i][j] = scale * (probabilities[i][j] - (j == labels[i])): the gradient with respect to the logits. Absent
/// for int64.
template <class T>
struct SoftmaxCrossEntropyBackwardArgs {
  const T* probabilities;
  const std::int32_t* labels;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

/// parameter[i] -= rate * gradient[i], fused.
template <class T>
struct SgdUpdateArgs {
  T* parameter;
  const T* gradient;
  std::int64_t count;
  T rate;
};

/// Adam as Keras has it: m += (1 - beta1) * (g - m); v += (1 - beta2) * (g*g - v); parameter -= rate * m / (sqrt(v) +
/// epsilon), where `rate` carries the bias correction lr * sqrt(1 - beta2^t) / (1 - beta1^t). Every `a + b * c` is
/// fused. Absent for int64.
template <class T>
struct AdamUpdateArgs {
  T* parameter;
  const T* gradient;
  T* m;
  T* v;
  std::int64_t count;
  T rate, beta1, beta2, epsilon;
};

/// Independent chains of fused multiply-adds in registers, `iterations` of each: what a core can do at most. *flops =
/// the number of floating-point operations, a multiply-add being two; *out = a number that depends on all of them.
template <class T>
struct FmaPeakArgs {
  std::int64_t iterations;
  T* out;
  std::int64_t* flops;
};

/// Every kernel of one ISA, and what its tiles look like. A null kernel is absent: the ISA leaves it to the reference.
template <class T>
struct KernelTable {
  const char* isa = nullptr;
  /// Output channels per block of packed weights.
  std::int32_t channel_block = 0;
  /// Places (ConvTileArgs::count) that one register tile holds; a multiple of it leaves no remainder.
  std::int32_t tile_places = 0;
#define KERNEL(name, Args) void (*name)(const Args<T>&) = nullptr;
#include "kernels/kernels.inc"
#undef KERNEL
};

/// Plain loops: the oracle of the tests and the last fall-back. T: float, double, std::int64_t.
template <class T>
const KernelTable<T>& reference_table();

}  // namespace tilewise::kernels
