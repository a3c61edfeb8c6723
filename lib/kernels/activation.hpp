#pragma once

#include "kernels/contracts/activation.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/simd.hpp"
#include "kernels/tanh_sigmoid.hpp"
#include "kernels/vector_math.hpp"

namespace tilewise::kernels {
namespace {

template <class Arch>
void tanh(const TanhArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, tanh_chain<VectorMath<Arch>>(load_part<Arch>(args.in + i, width)), width);
  });
}

template <class Arch>
void tanh_backward(const TanhBackwardArgs<float>& args) {
  const Vec<Arch> one(1.f);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> out = load_part<Arch>(args.out + i, width);
    const Vec<Arch> gradient = load_part<Arch>(args.out_gradient + i, width);
    store_part<Arch>(args.in_gradient + i, gradient * ((one - out) * (one + out)), width);
  });
}

template <class Arch>
void sigmoid(const SigmoidArgs<float>& args) {
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    store_part<Arch>(args.out + i, sigmoid_chain<VectorMath<Arch>>(load_part<Arch>(args.in + i, width)), width);
  });
}

template <class Arch>
void sigmoid_backward(const SigmoidBackwardArgs<float>& args) {
  const Vec<Arch> one(1.f);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> out = load_part<Arch>(args.out + i, width);
    const Vec<Arch> gradient = load_part<Arch>(args.out_gradient + i, width);
    store_part<Arch>(args.in_gradient + i, gradient * (out * (one - out)), width);
  });
}

template <class Arch>
void leaky_relu(const LeakyReluArgs<float>& args) {
  const Vec<Arch> zero(0.f), slope(args.slope);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> in = load_part<Arch>(args.in + i, width);
    store_part<Arch>(args.out + i, xsimd::select(in > zero, in, slope * in), width);
  });
}

template <class Arch>
void leaky_relu_backward(const LeakyReluBackwardArgs<float>& args) {
  const Vec<Arch> zero(0.f), slope(args.slope);
  for_each_vector<Arch>(args.count, [&](std::int64_t i, auto width) TILEWISE_INLINE {
    const Vec<Arch> gradient = load_part<Arch>(args.out_gradient + i, width);
    const auto passes = load_part<Arch>(args.out + i, width) > zero;
    store_part<Arch>(args.in_gradient + i, xsimd::select(passes, gradient, slope * gradient), width);
  });
}

}  // namespace
}  // namespace tilewise::kernels
