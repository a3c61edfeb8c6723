#pragma once

#include "kernels/kernels.hpp"
#include "kernels/simd.hpp"

namespace tilewise::kernels {
namespace {

/// As many chains as hide the latency of 4 cycles on two ports, and fit 16 registers.
template <class Arch>
void fma_peak(const FmaPeakArgs<float>& args) {
  constexpr int chains = 12;
  Vec<Arch> x[chains];
  unroll<chains>([&](auto i) TILEWISE_INLINE { x[i] = Vec<Arch>(static_cast<float>(i)); });
  const Vec<Arch> factor(0.5f), addend(1.f);
  for (std::int64_t n = 0; n < args.iterations; ++n)
    unroll<chains>([&](auto i) TILEWISE_INLINE { x[i] = fma<Arch>(x[i], factor, addend); });
  Vec<Arch> sum(0.f);
  unroll<chains>([&](auto i) TILEWISE_INLINE { sum = sum + x[i]; });
  alignas(64) float elements[lanes<Arch>];
  store<Arch>(elements, sum);
  *args.out = elements[0];
  *args.flops = args.iterations * chains * lanes<Arch> * 2;
}

}  // namespace
}  // namespace tilewise::kernels
