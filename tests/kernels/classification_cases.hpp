#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What the kernels of classification share.
struct Classes {
  static constexpr bool has_integers = false;
  std::int64_t rows, classes;
  std::vector<std::int32_t> labels;
  std::vector<double> a, b, probabilities;

  Classes(Draw& draw, TileSizes) {
    rows = draw.size(9);
    classes = draw.size(33);
    a = draw.values(rows * classes);
    b = draw.values(rows * classes);
    probabilities = draw.values(rows * classes);
    for (double& p : probabilities) p = 1.0 / 32 + std::fabs(p) * 15 / 16;
    for (std::int64_t i = 0; i < rows; ++i) labels.push_back(static_cast<std::int32_t>(draw.between(0, classes - 1)));
  }

  /// Logits of up to 8.
  void spread() {
    for (double& x : a) x *= 8;
  }

  template <class T, class F>
  Results run_on(Guard guard, std::int64_t out_size, const F& f) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(out_size);
    f(buffers, out);
    Results results;
    results.add_values(out, static_cast<std::size_t>(out_size));
    return results;
  }
};

template <>
struct Case<SoftmaxArgs> : Classes {
  Case(Draw& draw, TileSizes tile) : Classes(draw, tile) { spread(); }
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax({.in = buffers.input(a), .out = out, .rows = rows, .classes = classes});
    });
  }
};

template <>
struct Case<SoftmaxBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax_backward({.out = buffers.input(probabilities),
                              .out_gradient = buffers.input(b),
                              .in_gradient = out,
                              .rows = rows,
                              .classes = classes});
    });
  }
};

template <>
struct Case<CrossEntropyArgs> : Classes {
  bool from_logits;
  Case(Draw& draw, TileSizes tile) : Classes(draw, tile), from_logits(draw.flag()) { spread(); }
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows, [&](Buffers<T>& buffers, T* out) {
      table.cross_entropy({.probabilities = from_logits ? nullptr : buffers.input(probabilities),
                           .logits = from_logits ? buffers.input(a) : nullptr,
                           .labels = buffers.integers(labels),
                           .loss = out,
                           .rows = rows,
                           .classes = classes});
    });
  }
};

template <>
struct Case<CrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                    .labels = buffers.integers(labels),
                                    .gradient = out,
                                    .rows = rows,
                                    .classes = classes,
                                    .scale = static_cast<T>(0.25)});
    });
  }
};

template <>
struct Case<SoftmaxCrossEntropyBackwardArgs> : Classes {
  using Classes::Classes;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, rows * classes, [&](Buffers<T>& buffers, T* out) {
      table.softmax_cross_entropy_backward({.probabilities = buffers.input(probabilities),
                                            .labels = buffers.integers(labels),
                                            .gradient = out,
                                            .rows = rows,
                                            .classes = classes,
                                            .scale = static_cast<T>(0.25)});
    });
  }
};

}  // namespace tilewise::test
