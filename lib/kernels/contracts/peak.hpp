#pragma once

#include <cstdint>

/// Contract: how fast a core can be. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// Independent chains of fused multiply-adds in registers, `iterations` of each: what a core can do at most. *flops =
/// the number of floating-point operations, a multiply-add being two; *out = a number that depends on all of them.
template <class T>
struct FmaPeakArgs {
  std::int64_t iterations;
  T* out;
  std::int64_t* flops;
};

}  // namespace tilewise::kernels
