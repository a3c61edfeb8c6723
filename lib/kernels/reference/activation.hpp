#pragma once

#include <cmath>
#include <concepts>

#include "kernels/contracts/activation.hpp"
#include "kernels/reference/exp_log.hpp"
#include "kernels/tanh_sigmoid.hpp"

namespace tilewise::kernels {
namespace {

inline float tanh_of(float x) {
  return tanh_chain<FloatMath>(x);
}
inline double tanh_of(double x) {
  return std::tanh(x);
}
inline float sigmoid_of(float x) {
  return sigmoid_chain<FloatMath>(x);
}
inline double sigmoid_of(double x) {
  const double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

template <std::floating_point T>
void tanh(const TanhArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = tanh_of(args.in[i]);
}

template <class T>
void tanh_backward(const TanhBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.in_gradient[i] = args.out_gradient[i] * ((T{1} - args.out[i]) * (T{1} + args.out[i]));
}

template <std::floating_point T>
void sigmoid(const SigmoidArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = sigmoid_of(args.in[i]);
}

template <class T>
void sigmoid_backward(const SigmoidBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.in_gradient[i] = args.out_gradient[i] * (args.out[i] * (T{1} - args.out[i]));
}

template <class T>
void leaky_relu(const LeakyReluArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = args.in[i] > T{0} ? args.in[i] : args.slope * args.in[i];
}

template <class T>
void leaky_relu_backward(const LeakyReluBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.in_gradient[i] = args.out[i] > T{0} ? args.out_gradient[i] : args.slope * args.out_gradient[i];
}

}  // namespace
}  // namespace tilewise::kernels
