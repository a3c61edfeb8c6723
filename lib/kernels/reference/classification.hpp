#pragma once

#include <concepts>

#include "kernels/contracts/classification.hpp"
#include "kernels/reference/exp_log.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

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
      out[j] = exp(in[j] - largest);
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
template <class T>
bool is_clipped(T p) {
  return p < clip<T> || p > T(1) - clip<T>;
}
template <class T>
T clipped(T p) {
  return p < clip<T> ? clip<T> : p > T(1) - clip<T> ? T(1) - clip<T> : p;
}

template <std::floating_point T>
void cross_entropy(const CrossEntropyArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    if (args.logits) {
      const T* logits = args.logits + row;
      const T largest = largest_of_row(logits, args.classes);
      T sum = T{0};
      for (std::int64_t j = 0; j < args.classes; ++j) sum += exp(logits[j] - largest);
      args.loss[i] = log(sum) - (logits[args.labels[i]] - largest);
    } else {
      const T p = args.probabilities[row + args.labels[i]];
      args.loss[i] = -log(clipped(p));
    }
  }
}

template <std::floating_point T>
void cross_entropy_backward(const CrossEntropyBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    for (std::int64_t j = 0; j < args.classes; ++j) args.gradient[row + j] = T{0};
    const T p = args.probabilities[row + args.labels[i]];
    if (!is_clipped(p)) args.gradient[row + args.labels[i]] = -args.scale / p;
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

}  // namespace
}  // namespace tilewise::kernels
