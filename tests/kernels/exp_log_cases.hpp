#pragma once

#include "kernels/elementwise_cases.hpp"

namespace tilewise::test {

/// Functions of one row of real numbers, here up to 16.
struct RealFunction : Elementwise {
  static constexpr bool has_integers = false;
  RealFunction(Draw& draw, TileSizes tile) : Elementwise(draw, tile) {
    for (double& x : a) x *= 16;
  }
};

template <>
struct Case<ExponentialArgs> : RealFunction {
  using RealFunction::RealFunction;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(
        guard, [&](const T* in, const T*, T* out) { table.exponential({.in = in, .out = out, .count = count()}); });
  }
};

template <>
struct Case<LogarithmArgs> : RealFunction {
  using RealFunction::RealFunction;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard,
                     [&](const T* in, const T*, T* out) { table.logarithm({.in = in, .out = out, .count = count()}); });
  }
};

}  // namespace tilewise::test
