#include <cmath>
#include <concepts>

#include "kernels/kernels.hpp"

// Plain loops, as close to the contracts as they can be written. They are the oracle of the tests, so clarity comes
// before speed.
namespace tilewise::kernels {
namespace {

template <class T>
T fma(T a, T b, T c) {
  if constexpr (std::floating_point<T>)
    return std::fma(a, b, c);
  else
    return a * b + c;
}

/// Whether `candidate` takes the place of `best` as the largest so far: the first of equal ones stays, the first NaN
/// wins.
template <class T>
bool is_larger(T candidate, T best) {
  return !(candidate <= best) && best == best;
}

template <class T>
T activate(T x, Activation activation) {
  return activation == Activation::relu && x <= T{0} ? T{0} : x;
}

template <class T>
T conv_sum(const ConvTileArgs<T>& args, const ConvTaps& taps, std::int64_t i, std::int64_t n, T sum,
           std::int64_t channel_block) {
  const T* in = args.in + i * args.in_step + taps.in_offset;
  const T* weights = args.weights + taps.weights_offset + n;
  for (std::int64_t r = 0; r < taps.rows; ++r)
    for (std::int64_t c = 0; c < taps.columns; ++c)
      for (std::int64_t k = 0; k < args.in_channels; ++k)
        sum = fma(in[r * args.in_row + c * args.in_column + k],
                  weights[r * args.weights_row + c * args.weights_column + k * channel_block], sum);
  return sum;
}

constexpr std::int32_t block = 4;  // small, so that tests on the reference meet several blocks and their tails

template <class T>
void conv_tile(const ConvTileArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    for (std::int64_t n = 0; n < args.out_channels; ++n) {
      T& out = args.out[i * args.out_step + n];
      const T start = args.accumulate ? out : args.bias ? args.bias[n] : T{0};
      T best = conv_sum(args, args.positions[0], i, n, start, block);
      std::int32_t number = 0;
      for (std::int32_t p = 1; p < args.position_count; ++p) {
        const T sum = conv_sum(args, args.positions[p], i, n, start, block);
        if (is_larger(sum, best)) {
          best = sum;
          number = p;
        }
      }
      out = activate(best, args.activation);
      if (args.position_count > 1 && args.index) {
        const bool dead = args.activation == Activation::relu && !(best > T{0});
        args.index[i * args.index_step + n] = dead ? dead_index_u8 : static_cast<std::uint8_t>(number);
      }
    }
  }
}

template <class T>
void conv_weights_tile(const ConvWeightsTileArgs<T>& args) {
  for (std::int64_t k = 0; k < args.in_channels; ++k) {
    for (std::int64_t n = 0; n < block; ++n) {
      T& gradient = args.weights_gradient[k * block + n];
      T sum = args.accumulate ? gradient : T{0};
      if (n < args.out_channels) {
        for (std::int64_t i = 0; i < args.images; ++i)
          for (std::int64_t r = 0; r < args.rows; ++r)
            for (std::int64_t c = 0; c < args.columns; ++c)
              sum = fma(args.in[i * args.in_image + r * args.in_row + c * args.in_column + k],
                        args.out_gradient[i * args.out_image + r * args.out_row + c * args.out_column + n], sum);
      } else {
        sum = T{0};
      }
      gradient = sum;
    }
  }
}

template <class T>
void column_sum(const ColumnSumArgs<T>& args) {
  for (std::int64_t n = 0; n < args.columns; ++n) {
    T sum = args.accumulate ? args.out[n] : T{0};
    for (std::int64_t i = 0; i < args.rows; ++i) sum += args.in[i * args.in_step + n];
    args.out[n] = sum;
  }
}

template <class T>
void transpose(const TransposeArgs<T>& args) {
  for (std::int64_t c = 0; c < args.columns; ++c)
    for (std::int64_t r = 0; r < args.rows; ++r) args.out[c * args.out_step + r] = args.in[r * args.in_step + c];
}

std::uint32_t position_number(const PoolWindow& window, std::int32_t r, std::int32_t c) {
  return static_cast<std::uint32_t>((window.first_row + r) * window.window_columns + window.first_column + c);
}

template <class T>
void max_pool(const MaxPoolArgs<T>& args) {
  const PoolWindow& window = args.window;
  for (std::int64_t i = 0; i < args.count; ++i) {
    for (std::int64_t k = 0; k < args.channels; ++k) {
      const T* in = args.in + i * args.in_step + k;
      T best = in[0];
      std::uint32_t number = position_number(window, 0, 0);
      for (std::int32_t r = 0; r < window.rows; ++r) {
        for (std::int32_t c = 0; c < window.columns; ++c) {
          const T candidate = in[r * args.in_row + c * args.in_column];
          if (is_larger(candidate, best)) {
            best = candidate;
            number = position_number(window, r, c);
          }
        }
      }
      const std::int64_t o = i * args.out_step + k;
      args.out[o] = best;
      if (args.index && args.wide_index) static_cast<std::uint32_t*>(args.index)[o] = number;
      if (args.index && !args.wide_index) static_cast<std::uint8_t*>(args.index)[o] = static_cast<std::uint8_t>(number);
    }
  }
}

template <class T>
void max_pool_backward(const MaxPoolBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    for (std::int32_t r = 0; r < args.window.rows; ++r) {
      for (std::int32_t c = 0; c < args.window.columns; ++c) {
        for (std::int64_t k = 0; k < args.channels; ++k) {
          const std::int64_t o = i * args.out_step + k;
          const std::uint32_t number = args.wide_index ? static_cast<const std::uint32_t*>(args.index)[o]
                                                       : static_cast<const std::uint8_t*>(args.index)[o];
          T& gradient = args.in_gradient[i * args.in_step + r * args.in_row + c * args.in_column + k];
          const T share = number == position_number(args.window, r, c) ? args.out_gradient[o] : T{0};
          gradient = args.accumulate ? gradient + share : share;
        }
      }
    }
  }
}

template <class T>
void average_pool(const AveragePoolArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    for (std::int64_t k = 0; k < args.channels; ++k) {
      T sum = T{0};
      for (std::int32_t r = 0; r < args.rows; ++r)
        for (std::int32_t c = 0; c < args.columns; ++c)
          sum += args.in[i * args.in_step + r * args.in_row + c * args.in_column + k];
      args.out[i * args.out_step + k] = sum / args.divisor;
    }
  }
}

template <class T>
void average_pool_backward(const AveragePoolBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    for (std::int32_t r = 0; r < args.rows; ++r)
      for (std::int32_t c = 0; c < args.columns; ++c)
        for (std::int64_t k = 0; k < args.channels; ++k)
          args.in_gradient[i * args.in_step + r * args.in_row + c * args.in_column + k] +=
              args.out_gradient[i * args.out_step + k] / args.divisor;
}

template <class T>
void relu(const ReluArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = activate(args.in[i], Activation::relu);
}

template <class T>
void relu_backward(const ReluBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.in_gradient[i] = args.out[i] > T{0} ? args.out_gradient[i] : T{0};
}

template <class T>
void add(const AddArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = args.a[i] + args.b[i];
}

template <class T>
T largest_of_row(const T* row, std::int64_t classes) {
  T largest = row[0];
  for (std::int64_t j = 1; j < classes; ++j)
    if (is_larger(row[j], largest)) largest = row[j];
  return largest;
}

template <std::floating_point T>
void softmax(const SoftmaxArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const T* in = args.in + i * args.classes;
    T* out = args.out + i * args.classes;
    const T largest = largest_of_row(in, args.classes);
    T sum = T{0};
    for (std::int64_t j = 0; j < args.classes; ++j) {
      out[j] = std::exp(in[j] - largest);
      sum += out[j];
    }
    for (std::int64_t j = 0; j < args.classes; ++j) out[j] /= sum;
  }
}

template <std::floating_point T>
void softmax_backward(const SoftmaxBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const T* out = args.out + i * args.classes;
    const T* out_gradient = args.out_gradient + i * args.classes;
    T dot = T{0};
    for (std::int64_t j = 0; j < args.classes; ++j) dot = fma(out[j], out_gradient[j], dot);
    for (std::int64_t j = 0; j < args.classes; ++j)
      args.in_gradient[i * args.classes + j] = out[j] * (out_gradient[j] - dot);
  }
}

/// Keras's epsilon: cross-entropy keeps probabilities within [clip, 1 - clip].
template <class T>
constexpr T clip = T(1e-7);

template <std::floating_point T>
void cross_entropy(const CrossEntropyArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    if (args.logits) {
      const T* logits = args.logits + row;
      const T largest = largest_of_row(logits, args.classes);
      T sum = T{0};
      for (std::int64_t j = 0; j < args.classes; ++j) sum += std::exp(logits[j] - largest);
      args.loss[i] = std::log(sum) - (logits[args.labels[i]] - largest);
    } else {
      const T p = args.probabilities[row + args.labels[i]];
      const T clipped = p < clip<T> ? clip<T> : p > T(1) - clip<T> ? T(1) - clip<T> : p;
      args.loss[i] = -std::log(clipped);
    }
  }
}

template <std::floating_point T>
void cross_entropy_backward(const CrossEntropyBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    for (std::int64_t j = 0; j < args.classes; ++j) args.gradient[row + j] = T{0};
    const T p = args.probabilities[row + args.labels[i]];
    const bool clipped = p < clip<T> || p > T(1) - clip<T>;
    if (!clipped) args.gradient[row + args.labels[i]] = -args.scale / p;
  }
}

template <std::floating_point T>
void softmax_cross_entropy_backward(const SoftmaxCrossEntropyBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t j = 0; j < args.classes; ++j) {
      const std::int64_t o = i * args.classes + j;
      args.gradient[o] = args.scale * (args.probabilities[o] - (j == args.labels[i] ? T(1) : T(0)));
    }
}

template <class T>
void sgd_update(const SgdUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.parameter[i] = fma(-args.rate, args.gradient[i], args.parameter[i]);
}

template <std::floating_point T>
void adam_update(const AdamUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const T g = args.gradient[i];
    const T m = fma(T(1) - args.beta1, g - args.m[i], args.m[i]);
    const T v = fma(T(1) - args.beta2, fma(g, g, -args.v[i]), args.v[i]);
    args.m[i] = m;
    args.v[i] = v;
    args.parameter[i] -= args.rate * m / (std::sqrt(v) + args.epsilon);
  }
}

template <class T>
void fma_peak(const FmaPeakArgs<T>& args) {
  T x = T{1};
  for (std::int64_t i = 0; i < args.iterations; ++i) x = fma(x, T{1}, T{1});
  *args.out = x;
  *args.flops = 2 * args.iterations;
}

template <class T>
constexpr KernelTable<T> make_table() {
  KernelTable<T> table;
  table.isa = "reference";
  table.channel_block = block;
  table.tile_places = 1;
  // Kernels that need a floating-point T stay absent for integers.
#define KERNEL(name, Args) \
  if constexpr (requires { &name<T>; }) table.name = &name<T>;
#include "kernels/kernels.inc"
#undef KERNEL
  return table;
}

template <class T>
constexpr KernelTable<T> the_table = make_table<T>();

}  // namespace

template <class T>
const KernelTable<T>& reference_table() {
  return the_table<T>;
}

template const KernelTable<float>& reference_table();
template const KernelTable<double>& reference_table();
template const KernelTable<std::int64_t>& reference_table();

}  // namespace tilewise::kernels
