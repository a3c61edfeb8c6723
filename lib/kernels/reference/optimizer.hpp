#pragma once

#include <cmath>
#include <concepts>

#include "kernels/contracts/optimizer.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

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

}  // namespace
}  // namespace tilewise::kernels
