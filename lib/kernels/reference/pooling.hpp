#pragma once

#include "kernels/contracts/pooling.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

inline std::uint32_t position_number(const PoolWindow& window, std::int32_t r, std::int32_t c) {
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
      args.out[o] = activate(best, args.activation);
      if (args.activation == Activation::relu && !(best > T{0}))
        number = args.wide_index ? dead_index_u32 : dead_index_u8;
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
      T sum = T{0}, partial = T{0};
      std::int32_t added = 0;
      for (std::int32_t r = 0; r < args.rows; ++r) {
        for (std::int32_t c = 0; c < args.columns; ++c) {
          partial += args.in[i * args.in_step + r * args.in_row + c * args.in_column + k];
          if (++added < average_pool_chain) continue;
          sum += partial;
          partial = T{0};
          added = 0;
        }
      }
      args.out[i * args.out_step + k] = (sum + partial) / args.divisor;
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

}  // namespace
}  // namespace tilewise::kernels
