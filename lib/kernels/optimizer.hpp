#pragma once

#include "kernels/elementwise.hpp"

// Optimizer updates: a stream over a parameter, its gradient and the optimizer's state.
namespace tilewise::kernels {
namespace {

/// The parameters at i after the decay. A branch that is always taken the same way costs nothing beside the memory.
template <class Arch, class Width>
[[gnu::always_inline]] inline Vec<Arch> load_decayed(const float* parameter, float decay, Width width) {
  const Vec<Arch> x = load_part<Arch>(parameter, width);
  return decay == 0 ? x : fma<Arch>(Vec<Arch>(-decay), x, x);
}

/// Asks for what is updated soon. With nothing ahead that is what is updated now, which costs nothing beside the
/// memory.
template <class... T>
[[gnu::always_inline]] inline void ask_to_write(T*... elements) {
  (__builtin_prefetch(elements, 1, 2), ...);
}

template <class Arch>
void sgd_update(const SgdUpdateArgs<float>& args) {
  const Vec<Arch> negative_rate(-args.rate);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    ask_to_write(args.parameter + i + args.ahead);
    const Vec<Arch> g = load_part<Arch>(args.gradient + i, width);
    const Vec<Arch> parameter = load_decayed<Arch>(args.parameter + i, args.decay, width);
    store_part<Arch>(args.parameter + i, fma<Arch>(negative_rate, g, parameter), width);
  });
}

template <class Arch>
void sgd_momentum_update(const SgdMomentumUpdateArgs<float>& args) {
  const Vec<Arch> negative_rate(-args.rate), momentum(args.momentum);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    ask_to_write(args.parameter + i + args.ahead, args.m + i + args.ahead);
    const Vec<Arch> g = load_part<Arch>(args.gradient + i, width);
    const Vec<Arch> parameter = load_decayed<Arch>(args.parameter + i, args.decay, width);
    const Vec<Arch> m = fma<Arch>(negative_rate, g, momentum * load_part<Arch>(args.m + i, width));
    store_part<Arch>(args.m + i, m, width);
    store_part<Arch>(args.parameter + i,
                     args.nesterov ? fma<Arch>(momentum, m, fma<Arch>(negative_rate, g, parameter)) : parameter + m,
                     width);
  });
}

template <class Arch>
void adam_update(const AdamUpdateArgs<float>& args) {
  const Vec<Arch> rate(args.rate), epsilon(args.epsilon), m_share(1.f - args.beta1), v_share(1.f - args.beta2);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    ask_to_write(args.parameter + i + args.ahead, args.m + i + args.ahead, args.v + i + args.ahead);
    const Vec<Arch> g = load_part<Arch>(args.gradient + i, width);
    Vec<Arch> m = load_part<Arch>(args.m + i, width);
    Vec<Arch> v = load_part<Arch>(args.v + i, width);
    m = fma<Arch>(m_share, g - m, m);
    v = fma<Arch>(v_share, fma<Arch>(g, g, -v), v);
    store_part<Arch>(args.m + i, m, width);
    store_part<Arch>(args.v + i, v, width);
    const Vec<Arch> parameter = load_decayed<Arch>(args.parameter + i, args.decay, width);
    store_part<Arch>(args.parameter + i, parameter - divide<Arch>(rate * m, square_root<Arch>(v) + epsilon), width);
  });
}

template <class Arch>
void rmsprop_update(const RmspropUpdateArgs<float>& args) {
  const Vec<Arch> rate(args.rate), epsilon(args.epsilon), share(1.f - args.rho), momentum(args.momentum), zero(0.f);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    ask_to_write(args.parameter + i + args.ahead, args.v + i + args.ahead);
    const Vec<Arch> g = load_part<Arch>(args.gradient + i, width);
    Vec<Arch> v = load_part<Arch>(args.v + i, width);
    v = fma<Arch>(share, fma<Arch>(g, g, -v), v);
    store_part<Arch>(args.v + i, v, width);
    if (args.mean) {
      Vec<Arch> mean = load_part<Arch>(args.mean + i, width);
      mean = fma<Arch>(share, g - mean, mean);
      store_part<Arch>(args.mean + i, mean, width);
      v = fma<Arch>(-mean, mean, v);
      v = xsimd::select(v < zero, zero, v);
    }
    Vec<Arch> step = divide<Arch>(rate * g, square_root<Arch>(v + epsilon));
    if (args.m) {
      step = fma<Arch>(momentum, load_part<Arch>(args.m + i, width), step);
      store_part<Arch>(args.m + i, step, width);
    }
    store_part<Arch>(args.parameter + i, load_decayed<Arch>(args.parameter + i, args.decay, width) - step, width);
  });
}

}  // namespace
}  // namespace tilewise::kernels
