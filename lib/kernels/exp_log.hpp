#pragma once

#include <cstdint>

// exp and log of float, in one chain of fused operations for the reference and for all vectors: no library's functions,
// whose bits differ. A `Math` says how its numbers are reckoned with: Real (float, or a vector of them), Integer (as
// many of 32 bits), fma(a, b, c), divide(a, b), bits(Real), real(Integer), select(condition, a, b).
//
// ln 2 is split in a part of 15 bits, whose product with an exponent is exact without FMA too, and a rest. Polynomials
// are minimax (Remez), their coefficients rounded to float.
namespace tilewise::kernels {
namespace {

constexpr float ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
constexpr float smallest_normal = 0x1p-126f;

/// coefficients[0] + coefficients[1] * x + ..., by Horner's rule.
template <class Math, int N>
[[gnu::always_inline]] inline typename Math::Real polynomial(const float (&coefficients)[N], typename Math::Real x) {
  typename Math::Real sum(coefficients[N - 1]);
  for (int i = N - 2; i >= 0; --i) sum = Math::fma(sum, x, typename Math::Real(coefficients[i]));
  return sum;
}

/// e^x = 2^n * e^r with n whole and |r| <= ln(2) / 2; e^r = 1 + r + r^2 * q(r), q within 2^-27 of e^r. Results below
/// 2^-126 are zero, whatever the processor's mode.
template <class Math>
[[gnu::always_inline]] inline typename Math::Real exp_chain(typename Math::Real x) {
  using Real = typename Math::Real;
  using Integer = typename Math::Integer;
  constexpr float q[] = {0x1.fffffcp-2f, 0x1.555492p-3f, 0x1.5558f2p-5f, 0x1.1239e2p-7f, 0x1.6a242ep-10f};
  // Added to 1.5 * 2^23 a number is rounded to a whole one, which stands in the lowest bits.
  const Real shift(0x1.8p23f);
  const Real shifted = Math::fma(x, Real(0x1.715476p0f), shift);
  const Real n = shifted - shift;
  const Real r = Math::fma(n, Real(-ln2_low), Math::fma(n, Real(-ln2_high), x));
  const Real power = Math::fma(polynomial<Math>(q, r), r * r, r) + Real(1.f);
  // Within the bounds below, n added to the exponent gives a normal number.
  Real result = Math::real(Integer(Math::bits(power) + (Math::bits(shifted) << 23)));
  result = Math::select(x > Real(0x1.62e42ep6f), Real(__builtin_inff()), result);  // the largest whose e^x is finite
  result = Math::select(x < Real(-0x1.5d589ep6f), Real(0.f), result);              // the smallest whose e^x is normal
  return Math::select(x == x, result, x);
}

/// log(x) = e * ln(2) + log(1 + f) with e whole and 1 + f within sqrt(1/2) and sqrt(2); log(1 + f) = f - f^2 / 2 + f^3
/// * q(f), q within 2^-27 of it. x of less than 2^-126, of either sign, counts as zero, whatever the processor's mode.
template <class Math>
[[gnu::always_inline]] inline typename Math::Real log_chain(typename Math::Real x) {
  using Real = typename Math::Real;
  using Integer = typename Math::Integer;
  constexpr float q[] = {0x1.555554p-2f, -0x1.000226p-2f, 0x1.99a008p-3f, -0x1.547244p-3f,
                         0x1.22da1ep-3f, -0x1.0d8542p-3f, 0x1.055b68p-3f, -0x1.38b57cp-4f};
  constexpr std::int32_t one = 0x3f800000, root_of_half = 0x3f3504f3, mantissa = 0x007fffff;
  const Integer moved = Math::bits(x) + Integer(one - root_of_half);
  // A whole number in the lowest bits of 2^23 is added to it; the exponent's bias of 127 goes with it.
  const Real e = Math::real(Integer((moved >> 23) + Integer(0x4b000000))) - Real(0x1p23f + 127);
  const Real f = Math::real(Integer((moved & Integer(mantissa)) + Integer(root_of_half))) - Real(1.f);
  const Real square = f * f;
  Real rest = f * square * polynomial<Math>(q, f);
  rest = Math::fma(e, Real(ln2_low), rest);
  rest = Math::fma(Real(-0.5f), square, rest);
  Real result = Math::fma(e, Real(ln2_high), f + rest);
  result = Math::select(x == Real(__builtin_inff()), x, result);
  result = Math::select(x < Real(smallest_normal), Real(-__builtin_inff()), result);
  result = Math::select(x <= Real(-smallest_normal), Real(__builtin_nanf("")), result);
  return Math::select(x == x, result, x);
}

}  // namespace
}  // namespace tilewise::kernels
