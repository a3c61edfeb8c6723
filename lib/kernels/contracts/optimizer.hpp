#pragma once

#include <cstdint>

/// Contracts: optimizer updates. kernels.hpp has the rules for all.
namespace tilewise::kernels {

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

}  // namespace tilewise::kernels
