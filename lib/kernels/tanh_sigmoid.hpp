#pragma once

#include "kernels/exp_log.hpp"

// tanh and the logistic function of float, as chains like those of exp_log.hpp. Both start from e^-|..|, which cannot
// overflow, so they are exact at both ends.
namespace tilewise::kernels {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000;

/// |x| is below 0.625: x + x^3 * q(x^2), q within 2^-26 of it, for (1 - e) would cancel there. Else (1 - e) / (1 + e),
/// e = e^(-2|x|). x of less than 2^-126 counts as zero, whatever the processor's mode.
template <class Math>
[[gnu::always_inline]] inline typename Math::Real tanh_chain(typename Math::Real x) {
  using Real = typename Math::Real;
  using Integer = typename Math::Integer;
  constexpr float q[] = {-0x1.555532p-2f, 0x1.110726p-3f, -0x1.b83c58p-5f, 0x1.522694p-6f, -0x1.75e1aep-8f};
  const Integer sign = Math::bits(x) & Integer(sign_bit);
  const Real size = Math::real(Integer(Math::bits(x) ^ sign)), square = size * size;
  const Real e = exp_chain<Math>(Real(-2.f) * size);
  Real result = Math::divide(Real(1.f) - e, Real(1.f) + e);
  result = Math::select(size < Real(0.625f), Math::fma(size * square, polynomial<Math>(q, square), size), result);
  result = Math::select(size < Real(smallest_normal), Real(0.f), result);
  return Math::real(Integer(Math::bits(result) | sign));
}

/// With e = e^-|x|: 1 / (1 + e), and e / (1 + e) below zero. Results below 2^-126 are zero, whatever the processor's
/// mode.
template <class Math>
[[gnu::always_inline]] inline typename Math::Real sigmoid_chain(typename Math::Real x) {
  using Real = typename Math::Real;
  using Integer = typename Math::Integer;
  const Real e = exp_chain<Math>(Math::real(Integer(Math::bits(x) | Integer(sign_bit))));
  return Math::divide(Math::select(x < Real(0.f), e, Real(1.f)), Real(1.f) + e);
}

}  // namespace
}  // namespace tilewise::kernels
