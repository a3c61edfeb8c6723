#pragma once

#include <cstdint>

/// Contracts: normalisation of channels. kernels.hpp has the rules for all. Tensors are `rows` places of `channels`
/// each, dense.
namespace tilewise::kernels {

/// out[n] = sum_{i<rows} (in[i][n] - mean[n]) * f, in the order of i, fused; f is factor[i][n], or without one (null)
/// in[i][n] - mean[n] itself.
template <class T>
struct CenteredSumArgs {
  const T* in;
  const T* factor;
  const T* mean;
  T* out;
  std::int64_t rows, channels;
};

/// out[i][n] = (in[i][n] - mean[n]) * scale[n] + shift[n], fused. May work in place.
template <class T>
struct NormalizeArgs {
  const T* in;
  const T* mean;
  const T* scale;
  const T* shift;
  T* out;
  std::int64_t rows, channels;
};

/// in_gradient[i][n] = scale[n] * (out_gradient[i][n] - offset[n] - (in[i][n] - mean[n]) * slope[n]), the last product
/// fused. May write over out_gradient.
template <class T>
struct NormalizeBackwardArgs {
  const T* out_gradient;
  const T* in;
  const T* mean;
  const T* scale;
  const T* offset;
  const T* slope;
  T* in_gradient;
  std::int64_t rows, channels;
};

}  // namespace tilewise::kernels
