#pragma once

#include "kernels/classification_cases.hpp"
#include "kernels/elementwise_cases.hpp"

namespace tilewise::test {

template <>
struct Case<TargetCrossEntropyArgs> : Classes {
  bool from_logits;
  Case(Draw& draw, TileSizes tile) : Classes(draw, tile), from_logits(draw.flag()) {}
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows, [&](Buffers<T>& buffers, T* out) {
      table.target_cross_entropy({.probabilities = from_logits ? nullptr : buffers.input(probabilities),
                                  .logits = from_logits ? buffers.input(a) : nullptr,
                                  .targets = buffers.input(b),
                                  .loss = out,
                                  .rows = rows,
                                  .classes = classes});
    });
  }
};

template <>
struct Case<TargetCrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.target_cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                           .targets = buffers.input(b),
                                           .gradient = out,
                                           .rows = rows,
                                           .classes = classes,
                                           .scale = static_cast<T>(0.25)});
    });
  }
};

template <>
struct Case<SoftmaxTargetCrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax_target_cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                                   .targets = buffers.input(b),
                                                   .gradient = out,
                                                   .rows = rows,
                                                   .classes = classes,
                                                   .scale = static_cast<T>(0.25)});
    });
  }
};

template <>
struct Case<SquaredErrorArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows, [&](Buffers<T>& buffers, T* out) {
      table.squared_error(
          {.outputs = buffers.input(a), .targets = buffers.input(b), .loss = out, .rows = rows, .width = classes});
    });
  }
};

template <>
struct Case<SquaredErrorBackwardArgs> : Elementwise {
  using Elementwise::Elementwise;
  void make_absolute() {
    Elementwise::make_absolute();
    for (double& x : b) x = -x;
  }
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* outputs, const T* targets, T* gradient) {
      table.squared_error_backward(
          {.outputs = outputs, .targets = targets, .gradient = gradient, .count = count(), .scale = T(2)});
    });
  }
};

}  // namespace tilewise::test
