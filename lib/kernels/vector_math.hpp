#pragma once

#include "kernels/contracts/exp_log.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/exp_log.hpp"
#include "kernels/simd.hpp"

namespace tilewise::kernels {
namespace {

/// How vectors are reckoned with, for the chains of exp_log.hpp.
template <class Arch>
struct VectorMath {
  using Real = Vec<Arch>;
  using Integer = IntVec<Arch>;
  [[gnu::always_inline]] static Real fma(Real a, Real b, Real c) { return kernels::fma<Arch>(a, b, c); }
  [[gnu::always_inline]] static Real divide(Real a, Real b) { return kernels::divide<Arch>(a, b); }
  [[gnu::always_inline]] static Integer bits(Real x) { return as_integers<Arch>(x); }
  [[gnu::always_inline]] static Real real(Integer x) { return as_floats<Arch>(x); }
  [[gnu::always_inline]] static Real select(xsimd::batch_bool<float, Arch> condition, Real a, Real b) {
    return xsimd::select(condition, a, b);
  }
};

template <class Arch>
void exponential(const ExponentialArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, exp_chain<VectorMath<Arch>>(load_part<Arch>(args.in + i, width)), width);
  });
}

template <class Arch>
void logarithm(const LogarithmArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, log_chain<VectorMath<Arch>>(load_part<Arch>(args.in + i, width)), width);
  });
}

}  // namespace
}  // namespace tilewise::kernels
