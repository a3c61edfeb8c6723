#pragma once

#include <cstdint>

/// Contracts: activations and their backward passes, which read the activation's result, not its input. kernels.hpp has
/// the rules for all. Of floats, tanh and sigmoid are one chain each (kernels/tanh_sigmoid.hpp), at most 4 ulp from the
/// exact value; where there is FMA, its bits are the same. A NaN stays one. All may work in place.
namespace tilewise::kernels {

/// out[i] = tanh(in[i]), of the input's sign; an input below the smallest normal float counts as zero. Absent for
/// int64.
template <class T>
struct TanhArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

/// in_gradient[i] = out_gradient[i] * ((1 - out[i]) * (1 + out[i])). `out` is the tanh's result.
template <class T>
struct TanhBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t count;
};

/// out[i] = 1 / (1 + e^-in[i]), zero where that is below the smallest normal float. Absent for int64.
template <class T>
struct SigmoidArgs {
  const T* in;
  T* out;
  std::int64_t count;
};

/// in_gradient[i] = out_gradient[i] * (out[i] * (1 - out[i])). `out` is the sigmoid's result.
template <class T>
struct SigmoidBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t count;
};

/// out[i] = in[i] > 0 ? in[i] : slope * in[i]; slope >= 0, so that the result tells the input's sign.
template <class T>
struct LeakyReluArgs {
  const T* in;
  T* out;
  std::int64_t count;
  T slope;
};

/// in_gradient[i] = out[i] > 0 ? out_gradient[i] : slope * out_gradient[i]. `out` is the leaky ReLU's result.
template <class T>
struct LeakyReluBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t count;
  T slope;
};

}  // namespace tilewise::kernels
