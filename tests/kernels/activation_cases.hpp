#pragma once

#include "kernels/exp_log_cases.hpp"

namespace tilewise::test {

template <>
struct Case<TanhArgs> : RealFunction {
  using RealFunction::RealFunction;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard,
                     [&](const T* in, const T*, T* out) { table.tanh({.in = in, .out = out, .count = count()}); });
  }
};

template <>
struct Case<SigmoidArgs> : RealFunction {
  using RealFunction::RealFunction;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard,
                     [&](const T* in, const T*, T* out) { table.sigmoid({.in = in, .out = out, .count = count()}); });
  }
};

/// Products and differences of two numbers: the exact result bounds the error.
struct ActivationBackward : Elementwise {
  using Elementwise::Elementwise;
  void make_absolute() {}
};

template <>
struct Case<TanhBackwardArgs> : ActivationBackward {
  using ActivationBackward::ActivationBackward;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* out_gradient, const T* out, T* in_gradient) {
      table.tanh_backward({.out = out, .out_gradient = out_gradient, .in_gradient = in_gradient, .count = count()});
    });
  }
};

template <>
struct Case<SigmoidBackwardArgs> : ActivationBackward {
  using ActivationBackward::ActivationBackward;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* out_gradient, const T* out, T* in_gradient) {
      table.sigmoid_backward({.out = out, .out_gradient = out_gradient, .in_gradient = in_gradient, .count = count()});
    });
  }
};

/// Its slope is whole for integers.
struct Leaky : ActivationBackward {
  double slope;
  Leaky(Draw& draw, TileSizes tile) : ActivationBackward(draw, tile), slope(draw.kind() == Values::reals ? 0.3 : 2) {}
};

template <>
struct Case<LeakyReluArgs> : Leaky {
  using Leaky::Leaky;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* in, const T*, T* out) {
      table.leaky_relu({.in = in, .out = out, .count = count(), .slope = static_cast<T>(slope)});
    });
  }
};

template <>
struct Case<LeakyReluBackwardArgs> : Leaky {
  using Leaky::Leaky;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* out_gradient, const T* out, T* in_gradient) {
      table.leaky_relu_backward({.out = out,
                                 .out_gradient = out_gradient,
                                 .in_gradient = in_gradient,
                                 .count = count(),
                                 .slope = static_cast<T>(slope)});
    });
  }
};

}  // namespace tilewise::test
