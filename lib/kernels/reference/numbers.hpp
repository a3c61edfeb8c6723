#pragma once

#include <cmath>
#include <concepts>

#include "kernels/contracts/convolution.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
T fma(T a, T b, T c) {
  if constexpr (std::floating_point<T>)
    return std::fma(a, b, c);
  else
    return a * b + c;
}

/// Whether `candidate` takes the place of `best` as the largest so far: the first of equal ones stays, the first NaN
/// wins.
template <class T>
bool is_larger(T candidate, T best) {
  return !(candidate <= best) && best == best;
}

template <class T>
T activate(T x, Activation activation) {
  return activation == Activation::relu && x <= T{0} ? T{0} : x;
}

}  // namespace
}  // namespace tilewise::kernels
