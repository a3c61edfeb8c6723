#pragma once

#include "kernels/contracts/elementwise.hpp"
#include "kernels/reference/numbers.hpp"

namespace tilewise::kernels {
namespace {

template <class T>
void relu(const ReluArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = activate(args.in[i], Activation::relu);
}

template <class T>
void relu_backward(const ReluBackwardArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.in_gradient[i] = args.out[i] > T{0} ? args.out_gradient[i] : T{0};
}

template <class T>
void add(const AddArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = args.a[i] + args.b[i];
}

template <class T>
void masked_scale(const MaskedScaleArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = args.mask[i] ? args.in[i] * args.scale : T{0};
}

template <class T>
void clamp(const ClampArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) {
    const T x = args.in[i];
    args.out[i] = x < -args.limit ? -args.limit : x > args.limit ? args.limit : x;
  }
}

template <class T>
void scale(const ScaleArgs<T>& args) {
  for (std::int64_t i = 0; i < args.count; ++i) args.out[i] = args.in[i] * args.scale;
}

}  // namespace
}  // namespace tilewise::kernels
