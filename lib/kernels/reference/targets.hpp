#pragma once

#include <concepts>

#include "kernels/contracts/targets.hpp"
#include "kernels/reference/classification.hpp"
#include "kernels/reference/exp_log.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <std::floating_point T>
void target_cross_entropy(const TargetCrossEntropyArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    const T* outputs = (args.logits ? args.logits : args.probabilities) + row;
    const T largest = args.logits ? largest_of_row(outputs, args.classes) : T{0};
    T log_sum = T{0};
    if (args.logits) {
      for (std::int64_t j = 0; j < args.classes; ++j) log_sum += exp(outputs[j] - largest);
      log_sum = log(log_sum);
    }
    T loss = T{0};
    for (std::int64_t j = 0; j < args.classes; ++j) {
      const T target = args.targets[row + j];
      if (target == T{0}) continue;
      loss = fma(target, args.logits ? log_sum - (outputs[j] - largest) : -log(clipped(outputs[j])), loss);
    }
    args.loss[i] = loss;
  }
}

template <std::floating_point T>
void target_cross_entropy_backward(const TargetCrossEntropyBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows * args.classes; ++i) {
    const T p = args.probabilities[i];
    args.gradient[i] = args.targets[i] == T{0} || is_clipped(p) ? T{0} : -args.scale * args.targets[i] / p;
  }
}

template <std::floating_point T>
void softmax_target_cross_entropy_backward(const SoftmaxTargetCrossEntropyBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const std::int64_t row = i * args.classes;
    T sum = T{0};
    for (std::int64_t j = 0; j < args.classes; ++j) sum += args.targets[row + j];
    for (std::int64_t j = 0; j < args.classes; ++j)
      args.gradient[row + j] = args.scale * fma(args.probabilities[row + j], sum, -args.targets[row + j]);
  }
}

template <std::floating_point T>
void squared_error(const SquaredErrorArgs<T>& args) {
  constexpr std::int64_t part = 1024;
  for (std::int64_t i = 0; i < args.rows; ++i) {
    T total = T{0};
    for (std::int64_t begin = 0; begin < args.width; begin += part) {
      T sum = T{0};
      for (std::int64_t j = begin; j < args.width && j < begin + part; ++j) {
        const T difference = args.outputs[i * args.width + j] - args.targets[i * args.width + j];
        sum = fma(difference, difference, sum);
      }
      total += sum;
    }
    args.loss[i] = total / static_cast<T>(args.width);
  }
}

template <class T>
void squared_error_backward(const SquaredErrorBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.gradient[i] = args.scale * (args.outputs[i] - args.targets[i]);
}

}  // namespace
}  // namespace tilewise::kernels
