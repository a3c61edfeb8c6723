#pragma once

#include "kernels/transform/fourier.hpp"
#include "kernels/transform/fourier_weights.hpp"
#include "kernels/transform/separable.hpp"
#include "kernels/transform/winograd.hpp"

// The kernels of each transform, of whatever kind it is. A transform is a type with four functions on one vector of
// channels.
namespace tilewise::kernels {
namespace {

template <int N>
struct Fourier {
  static constexpr int slots = N, slices = first_slice<N>(N / 2 - 1) + 3 * N;

  template <class Arch>
  static void to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.rows, common) && is_leading(args.columns, common))
      fourier_to_slices<Arch, N, common>(args, channel);
    else
      fourier_to_slices<Arch, N, N>(args, channel);
  }
  template <class Arch>
  static void from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.rows, common) && is_leading(args.columns, common))
      fourier_from_slices<Arch, N, common>(args, channel);
    else
      fourier_from_slices<Arch, N, N>(args, channel);
  }
  template <class Arch>
  static void weight_slices(float* taps, float* slices, const WeightSlicesArgs<float>& args) {
    if (args.adjoint)
      fourier_weight_slices_adjoint<Arch, N>(taps, slices, args);
    else
      fourier_weight_slices<Arch, N>(taps, slices, args);
  }
};

template <class Axis>
struct Separable {
  static constexpr int slots = Axis::slots, slices = Axis::slots * Axis::slots;

  template <class Arch>
  static void to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
    if (args.adjoint)
      separable_to_slices<Arch, Axis, true>(args, channel);
    else
      separable_to_slices<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
    if (args.adjoint)
      separable_from_slices<Arch, Axis, true>(args, channel);
    else
      separable_from_slices<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void weight_slices(float* taps, float* slices, const WeightSlicesArgs<float>& args) {
    if (args.adjoint)
      separable_weight_slices_adjoint<Arch, Axis>(taps, slices, args);
    else
      separable_weight_slices<Arch, Axis>(taps, slices, args);
  }
};

template <class Arch, class Type>
void to_slices(const ToSlicesArgs<float>& args) {
  for_each_vector_of_tile<Arch, Type::slots, Type::slices>(
      args,
      [](const ToSlicesArgs<float>& tile, std::int64_t channel) { Type::template to_slices<Arch>(tile, channel); });
}

template <class Arch, class Type>
void from_slices(const FromSlicesArgs<float>& args) {
  for_each_vector_of_tile<Arch, Type::slots>(args, [](const FromSlicesArgs<float>& tile, std::int64_t channel) {
    Type::template from_slices<Arch>(tile, channel);
  });
}

template <class Arch, class Type>
void weight_slices(const WeightSlicesArgs<float>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t n = 0; n < args.channels; n += lanes<Arch>)
      Type::template weight_slices<Arch>(args.taps + i * args.taps_row + n, args.slices + i * args.slices_row + n,
                                         args);
}

template <class Arch, class Type>
constexpr TransformKernels<float> transform_kernels{&to_slices<Arch, Type>, &from_slices<Arch, Type>,
                                                    &weight_slices<Arch, Type>};

}  // namespace
}  // namespace tilewise::kernels
