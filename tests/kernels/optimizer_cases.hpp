#pragma once

#include "kernels/case.hpp"

namespace tilewise::test {

/// What the updates share: a parameter, its gradient and up to three tensors of state, and whether there is a decay.
struct Update {
  std::vector<double> parameter, gradient;
  std::vector<double> state[3];
  double rate, decay;
  std::int64_t ahead;

  Update(Draw& draw, TileSizes tile, std::size_t states) {
    const std::int64_t count = draw.size(6 * tile.block + 1);
    parameter = draw.values(count);
    gradient = draw.values(count);
    for (std::size_t number = 0; number < states; ++number) state[number] = draw.values(count);
    const bool is_real = draw.kind() == Values::reals;
    rate = is_real ? 0.125 : 3;
    decay = draw.flag() ? is_real ? 0.0625 : 2 : 0;
    ahead = draw.flag() ? count : 0;
  }

  std::int64_t count() const { return static_cast<std::int64_t>(parameter.size()); }
  std::int64_t terms() const { return 4; }
  void make_absolute() {
    test::make_absolute(parameter), test::make_absolute(gradient);
    for (std::vector<double>& values : state) test::make_absolute(values);
    rate = -rate;
    decay = -decay;
  }

  /// f(parameter, gradient, first state, second, third), null where it is not among the first `states`.
  template <class T, class F>
  Results run_on(Guard guard, const F& f) const {
    Buffers<T> buffers(guard);
    T* to = buffers.output(parameter);
    T* states[3];
    for (std::size_t number = 0; number < 3; ++number)
      states[number] = state[number].empty() ? nullptr : buffers.output(state[number]);
    f(to, buffers.input(gradient), states[0], states[1], states[2]);
    Results results;
    for (const T* data : {to, states[0], states[1], states[2]})
      if (data) results.add_values(data, parameter.size());
    return results;
  }
};

template <>
struct Case<SgdUpdateArgs> : Update {
  static constexpr bool has_integers = true;
  Case(Draw& draw, TileSizes tile) : Update(draw, tile, 0) {}

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](T* to, const T* g, T*, T*, T*) {
      table.sgd_update({.parameter = to,
                        .gradient = g,
                        .count = count(),
                        .rate = static_cast<T>(rate),
                        .decay = static_cast<T>(decay),
                        .ahead = ahead});
    });
  }
};

template <>
struct Case<SgdMomentumUpdateArgs> : Update {
  static constexpr bool has_integers = true;
  double momentum;
  bool nesterov;

  Case(Draw& draw, TileSizes tile) : Update(draw, tile, 1) {
    momentum = draw.kind() == Values::reals ? 0.875 : 2;
    nesterov = draw.flag();
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](T* to, const T* g, T* m, T*, T*) {
      table.sgd_momentum_update({.parameter = to,
                                 .gradient = g,
                                 .m = m,
                                 .count = count(),
                                 .rate = static_cast<T>(rate),
                                 .decay = static_cast<T>(decay),
                                 .momentum = static_cast<T>(momentum),
                                 .nesterov = nesterov,
                                 .ahead = ahead});
    });
  }
};

/// Squares, away from where the square root is steep.
inline void make_second_moments(std::vector<double>& values) {
  for (double& x : values) x = std::fabs(x) + 1.0 / 16;
}

template <>
struct Case<AdamUpdateArgs> : Update {
  static constexpr bool has_integers = false;
  Case(Draw& draw, TileSizes tile) : Update(draw, tile, 2) { make_second_moments(state[1]); }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](T* to, const T* g, T* m, T* v, T*) {
      table.adam_update({.parameter = to,
                         .gradient = g,
                         .m = m,
                         .v = v,
                         .count = count(),
                         .rate = static_cast<T>(0.01),
                         .decay = static_cast<T>(decay),
                         .beta1 = static_cast<T>(0.9),
                         .beta2 = static_cast<T>(0.999),
                         .epsilon = static_cast<T>(1e-7),
                         .ahead = ahead});
    });
  }
};

template <>
struct Case<RmspropUpdateArgs> : Update {
  static constexpr bool has_integers = false;
  bool centered, has_momentum;

  Case(Draw& draw, TileSizes tile) : Update(draw, tile, 3) {
    make_second_moments(state[0]);
    for (double& mean : state[1]) mean *= 0.125;
    centered = draw.flag();
    has_momentum = draw.flag();
  }

  template <class T>
  Results run(const KernelTable<T>& table, Guard guard) const {
    return run_on<T>(guard, [&](T* to, const T* g, T* v, T* mean, T* m) {
      table.rmsprop_update({.parameter = to,
                            .gradient = g,
                            .v = v,
                            .mean = centered ? mean : nullptr,
                            .m = has_momentum ? m : nullptr,
                            .count = count(),
                            .rate = static_cast<T>(0.01),
                            .decay = static_cast<T>(decay),
                            .rho = static_cast<T>(0.75),
                            .momentum = static_cast<T>(0.9),
                            .epsilon = static_cast<T>(1e-7),
                            .ahead = ahead});
    });
  }
};

}  // namespace tilewise::test
