#pragma once

#include <cstdint>

/// Contracts: optimizer updates. kernels.hpp has the rules for all. Every `a + b * c` is fused. Where `decay` is not
/// zero, each begins with parameter[i] -= decay * parameter[i]. What parameter and state hold `ahead` elements behind
/// may be brought into the cache meanwhile, for later calls; it is not read, and need not exist.
namespace tilewise::kernels {

/// parameter[i] -= rate * gradient[i].
template <class T>
struct SgdUpdateArgs {
  T* parameter;
  const T* gradient;
  std::int64_t count;
  T rate, decay;
  std::int64_t ahead = 0;
};

/// m = momentum * m - rate * g, its first product rounded; parameter += m, or with nesterov parameter = (parameter -
/// rate * g) + momentum * m.
template <class T>
struct SgdMomentumUpdateArgs {
  T* parameter;
  const T* gradient;
  T* m;
  std::int64_t count;
  T rate, decay, momentum;
  bool nesterov;
  std::int64_t ahead = 0;
};

/// Adam as Keras has it: m += (1 - beta1) * (g - m); v += (1 - beta2) * (g*g - v); parameter -= rate * m / (sqrt(v) +
/// epsilon), where `rate` carries the bias correction lr * sqrt(1 - beta2^t) / (1 - beta1^t). Absent for int64.
template <class T>
struct AdamUpdateArgs {
  T* parameter;
  const T* gradient;
  T* m;
  T* v;
  std::int64_t count;
  T rate, decay, beta1, beta2, epsilon;
  std::int64_t ahead = 0;
};

/// RMSprop as Keras has it: v += (1 - rho) * (g*g - v); s = v, or where `mean` is not null mean += (1 - rho) * (g -
/// mean) and s = v - mean*mean, zero if that is below zero; increment = rate * g / sqrt(s + epsilon); parameter -=
/// increment, or where `m` is not null m = momentum * m + increment and parameter -= m. Absent for int64.
template <class T>
struct RmspropUpdateArgs {
  T* parameter;
  const T* gradient;
  T* v;
  T* mean;
  T* m;
  std::int64_t count;
  T rate, decay, rho, momentum, epsilon;
  std::int64_t ahead = 0;
};

}  // namespace tilewise::kernels
