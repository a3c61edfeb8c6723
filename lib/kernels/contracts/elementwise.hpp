#pragma once

#include <cstdint>

/// Contracts: kernels that stream over elements. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// out[i] = in[i] if it is above zero or NaN, else 0. May work in place.
template <class T>
struct ReluArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

/// in_gradient[i] = out_gradient[i] where out[i] > 0, else 0. `out` is the ReLU's result. May work in place.
template <class T>
struct ReluBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t count;
};

/// out[i] = a[i] + b[i]. May work in place.
template <class T>
struct AddArgs {
  const T* a;
  const T* b;
  T* out;
  std::int64_t count;
};

/// out[i] = mask[i] ? in[i] * scale : 0, whatever in[i] is there. May work in place.
template <class T>
struct MaskedScaleArgs {
  const T* in;
  const std::uint8_t* mask;
  T* out;
  std::int64_t count;
  T scale;
};

/// out[i] = in[i] kept within [-limit, limit]; NaN stays. May work in place.
template <class T>
struct ClampArgs {
  const T* in;
  T* out;
  std::int64_t count;
  T limit;
};

/// out[i] = in[i] * scale. May work in place.
template <class T>
struct ScaleArgs {
  const T* in;
  T* out;
  std::int64_t count;
  T scale;
};

}  // namespace tilewise::kernels
