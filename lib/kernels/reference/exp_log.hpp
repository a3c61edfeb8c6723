#pragma once

#include <cmath>
#include <concepts>

#include "kernels/contracts/exp_log.hpp"
#include "kernels/exp_log.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

/// How floats are reckoned with, for the chains of exp_log.hpp.
struct FloatMath {
  using Real = float;
  using Integer = std::uint32_t;  // wraps, as vectors do
  static float fma(float a, float b, float c) { return std::fma(a, b, c); }
  static float divide(float a, float b) { return a / b; }
  static std::uint32_t bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
  static float real(std::uint32_t x) { return __builtin_bit_cast(float, x); }
  static float select(bool condition, float a, float b) { return condition ? a : b; }
};

inline float exp(float x) {
  return exp_chain<FloatMath>(x);
}
inline double exp(double x) {
  return std::exp(x);
}
inline float log(float x) {
  return log_chain<FloatMath>(x);
}
inline double log(double x) {
  return std::log(x);
}

template <std::floating_point T>
void exponential(const ExponentialArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = exp(args.in[i]);
}

template <std::floating_point T>
void logarithm(const LogarithmArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = log(args.in[i]);
}

}  // namespace
}  // namespace tilewise::kernels
