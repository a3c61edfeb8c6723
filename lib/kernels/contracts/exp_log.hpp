#pragma once

#include <cstdint>

/// Contracts: exponentials and logarithms. kernels.hpp has the rules for all. Of floats each is one chain of fused
/// operations (kernels/exp_log.hpp), at most 2 ulp from the exact value; where there is FMA, its bits are the same. A
/// NaN stays one.
namespace tilewise::kernels {

/// out[i] = e^in[i]; infinity where that exceeds the largest float, zero where it is below the smallest normal one. May
/// work in place. Absent for int64.
template <class T>
struct ExponentialArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

/// out[i] = ln in[i]; NaN below zero, -infinity of zero, which every float below the smallest normal one counts as. May
/// work in place. Absent for int64.
template <class T>
struct LogarithmArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

}  // namespace tilewise::kernels
