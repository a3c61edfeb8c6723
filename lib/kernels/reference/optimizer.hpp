#pragma once

#include <cmath>
#include <concepts>

#include "kernels/contracts/optimizer.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

/// Without decay nothing is computed: zero times infinity would be NaN.
template <class T>
T decayed(T parameter, T decay) {
  return decay == T{0} ? parameter : fma(-decay, parameter, parameter);
}

template <class T>
void sgd_update(const SgdUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i)
    args.parameter[i] = fma(-args.rate, args.gradient[i], decayed(args.parameter[i], args.decay));
}

template <class T>
void sgd_momentum_update(const SgdMomentumUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const T g = args.gradient[i], parameter = decayed(args.parameter[i], args.decay);
    const T m = fma(-args.rate, g, args.momentum * args.m[i]);
    args.m[i] = m;
    args.parameter[i] = args.nesterov ? fma(args.momentum, m, fma(-args.rate, g, parameter)) : parameter + m;
  }
}

template <std::floating_point T>
void adam_update(const AdamUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const T g = args.gradient[i];
    const T m = fma(T(1) - args.beta1, g - args.m[i], args.m[i]);
    const T v = fma(T(1) - args.beta2, fma(g, g, -args.v[i]), args.v[i]);
    args.m[i] = m;
    args.v[i] = v;
    args.parameter[i] = decayed(args.parameter[i], args.decay) - args.rate * m / (std::sqrt(v) + args.epsilon);
  }
}

template <std::floating_point T>
void rmsprop_update(const RmspropUpdateArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const T g = args.gradient[i];
    args.v[i] = fma(T(1) - args.rho, fma(g, g, -args.v[i]), args.v[i]);
    T spread = args.v[i];
    if (args.mean) {
      args.mean[i] = fma(T(1) - args.rho, g - args.mean[i], args.mean[i]);
      spread = fma(-args.mean[i], args.mean[i], spread);
      if (spread < T{0}) spread = T{0};
    }
    T step = args.rate * g / std::sqrt(spread + args.epsilon);
    if (args.m) step = args.m[i] = fma(args.momentum, args.m[i], step);
    args.parameter[i] = decayed(args.parameter[i], args.decay) - step;
  }
}

}  // namespace
}  // namespace tilewise::kernels
