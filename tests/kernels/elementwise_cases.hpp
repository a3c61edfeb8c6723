#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What kernels from two rows of numbers to one share. `in_place` puts the result over the first.
struct Elementwise {
  static constexpr bool has_integers = true;
  std::vector<double> a, b;
  bool in_place;

  Elementwise(Draw& draw, TileSizes tile) {
    const std::int64_t count = draw.size(6 * tile.block + 1);
    a = draw.values(count);
    b = draw.values(count);
    in_place = draw.flag();
  }
  std::int64_t terms() const { return 2; }
  void make_absolute() { test::make_absolute(a), test::make_absolute(b); }
  std::int64_t count() const { return static_cast<std::int64_t>(a.size()); }

  /// f(a, b, out)
  template <class T, class F>
  Results run_on(Guard guard, const F& f) const {
    Buffers<T> buffers(guard);
    T* out = in_place ? buffers.output(a) : buffers.output(count());
    f(in_place ? out : buffers.input(a), buffers.input(b), out);
    Results results;
    results.add_values(out, a.size());
    return results;
  }
};

template <>
struct Case<ReluArgs> : Elementwise {
  using Elementwise::Elementwise;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard,
                     [&](const T* in, const T*, T* out) { table.relu({.in = in, .out = out, .count = count()}); });
  }
};

template <>
struct Case<ReluBackwardArgs> : Elementwise {
  using Elementwise::Elementwise;
  void make_absolute() {}  // gradients pass or not: nothing is rounded
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* out_gradient, const T* out, T* in_gradient) {
      table.relu_backward({.out = out, .out_gradient = out_gradient, .in_gradient = in_gradient, .count = count()});
    });
  }
};

template <>
struct Case<AddArgs> : Elementwise {
  using Elementwise::Elementwise;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](const T* first, const T* second, T* out) {
      table.add({.a = first, .b = second, .out = out, .count = count()});
    });
  }
};

template <>
struct Case<MaskedScaleArgs> : Elementwise {
  std::vector<std::uint8_t> mask;
  Case(Draw& draw, TileSizes tile) : Elementwise(draw, tile) {
    for (std::size_t i = 0; i < a.size(); ++i)
      mask.push_back(draw.flag() ? static_cast<std::uint8_t>(draw.between(1, 255)) : 0);
  }
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> masks(guard);
    return run_on<T>(guard, [&](const T* in, const T*, T* out) {
      table.masked_scale(
          {.in = in, .mask = masks.integers(mask), .out = out, .count = count(), .scale = static_cast<T>(2)});
    });
  }
};

template <>
struct Case<ClampArgs> : Elementwise {
  using Elementwise::Elementwise;
  void make_absolute() {}  // nothing is rounded
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    const double limit = std::fabs(b[0]) <= 3 ? std::fabs(b[0]) : 1;  // not a special value
    return run_on<T>(guard, [&](const T* in, const T*, T* out) {
      table.clamp({.in = in, .out = out, .count = count(), .limit = static_cast<T>(limit)});
    });
  }
};

template <>
struct Case<ScaleArgs> : Elementwise {
  using Elementwise::Elementwise;
  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    const double scale = std::fabs(b[0]) <= 3 ? b[0] : 2;
    return run_on<T>(guard, [&](const T* in, const T*, T* out) {
      table.scale({.in = in, .out = out, .count = count(), .scale = static_cast<T>(scale)});
    });
  }
};

/// It computes nothing of interest: that it runs, and counts its work, is all there is to see.
template <>
struct Case<FmaPeakArgs> {
  static constexpr bool has_integers = false;
  std::int64_t iterations;

  Case(Draw& draw, TileSizes) : iterations(draw.size(20)) {}

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    Buffers<T> buffers(guard);
    T* out = buffers.output(1);
    std::int64_t* flops = buffers.template integer_output<std::int64_t>(1);
    table.fma_peak({.iterations = iterations, .out = out, .flops = flops});
    Results results;
    results.values.push_back(std::isfinite(double(*out)) && *flops >= 2 * iterations);
    return results;
  }
};

}  // namespace tilewise::test
