#pragma once

#include "kernels/transform/fourier.hpp"
#include "kernels/transform/fourier_weights.hpp"
#include "kernels/transform/separable.hpp"
#include "kernels/transform/winograd2.hpp"
#include "kernels/transform/winograd7.hpp"

// The kernels of each transform, of whatever kind it is. A transform is a type with seven functions on one vector of
// channels.
namespace tilewise::kernels {
namespace {

template <int N>
struct Fourier {
  static constexpr int slots = N;

  template <class Arch>
  static void to_half(const ToHalfArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.columns, common))
      fourier_to_half<Arch, N, common>(args, channel);
    else
      fourier_to_half<Arch, N, N>(args, channel);
  }
  template <class Arch>
  static void to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.rows, common))
      columns(FourierToSlices<Arch, N, common>(args, channel), args.groups);
    else
      columns(FourierToSlices<Arch, N, N>(args, channel), args.groups);
  }
  template <class Arch>
  static void from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.rows, common))
      columns(FourierFromSlices<Arch, N, common>(args, channel), args.groups);
    else
      columns(FourierFromSlices<Arch, N, N>(args, channel), args.groups);
  }
  template <class Arch>
  static void from_half(const FromHalfArgs<float>& args, std::int64_t channel) {
    constexpr int common = fourier_common_slots<N>;
    if (is_leading(args.columns, common))
      fourier_from_half<Arch, N, common>(args, channel);
    else
      fourier_from_half<Arch, N, N>(args, channel);
  }
  template <class Arch>
  static void weight_slices(const float* taps, float* slices, const WeightSlicesArgs<float>& args) {
    columns(FourierWeightSlices<Arch, N>(taps, slices, args), args.groups);
  }
  template <class Arch>
  static void weight_half(const float* slices, float* half, const WeightHalfArgs<float>& args) {
    columns(FourierWeightHalf<Arch, N>(slices, half, args), args.groups);
  }
  template <class Arch>
  static void weight_taps(const float* half, float* taps, const WeightTapsArgs<float>& args) {
    fourier_weight_taps<Arch, N>(half, taps, args);
  }

 private:
  template <class Columns>
  [[gnu::always_inline]] static void columns(const Columns& columns, SliceGroups groups) {
    int first = 0, group = groups.begin;
    if (group == 0) {
      columns.real_columns();
      first = RealColumn<N, Columns::parts>::group_slices;
      ++group;
    }
    for (; group < groups.end; ++group, first += Columns::parts * N) columns.complex_column(group, first);
  }
};

template <class Axis>
struct Separable {
  static constexpr int slots = Axis::slots;

  template <class Arch>
  static void to_half(const ToHalfArgs<float>& args, std::int64_t channel) {
    args.adjoint ? separable_to_half<Arch, Axis, true>(args, channel)
                 : separable_to_half<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void to_slices(const ToSlicesArgs<float>& args, std::int64_t channel) {
    args.adjoint ? separable_to_slices<Arch, Axis, true>(args, channel)
                 : separable_to_slices<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void from_slices(const FromSlicesArgs<float>& args, std::int64_t channel) {
    args.adjoint ? separable_from_slices<Arch, Axis, true>(args, channel)
                 : separable_from_slices<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void from_half(const FromHalfArgs<float>& args, std::int64_t channel) {
    args.adjoint ? separable_from_half<Arch, Axis, true>(args, channel)
                 : separable_from_half<Arch, Axis, false>(args, channel);
  }
  template <class Arch>
  static void weight_slices(const float* taps, float* slices, const WeightSlicesArgs<float>& args) {
    separable_weight_slices<Arch, Axis>(taps, slices, args);
  }
  template <class Arch>
  static void weight_half(const float* slices, float* half, const WeightHalfArgs<float>& args) {
    separable_weight_half<Arch, Axis>(slices, half, args);
  }
  template <class Arch>
  static void weight_taps(const float* half, float* taps, const WeightTapsArgs<float>& args) {
    separable_weight_taps<Arch, Axis>(half, taps, args);
  }
};

template <class Arch, class Type>
void to_half(const ToHalfArgs<float>& args) {
  for_each_vector_of_tile<Arch, Type::slots>(
      args, [](const ToHalfArgs<float>& tile, std::int64_t channel) { Type::template to_half<Arch>(tile, channel); });
}

template <class Arch, class Type>
void to_slices(const ToSlicesArgs<float>& args) {
  for (std::int64_t k = 0; k < args.channels; k += lanes<Arch>) Type::template to_slices<Arch>(args, k);
}

template <class Arch, class Type>
void from_slices(const FromSlicesArgs<float>& args) {
  for (std::int64_t k = 0; k < args.channels; k += lanes<Arch>) Type::template from_slices<Arch>(args, k);
}

template <class Arch, class Type>
void from_half(const FromHalfArgs<float>& args) {
  for_each_vector_of_tile<Arch, Type::slots>(args, [](const FromHalfArgs<float>& tile, std::int64_t channel) {
    Type::template from_half<Arch>(tile, channel);
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
void weight_half(const WeightHalfArgs<float>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t n = 0; n < args.channels; n += lanes<Arch>)
      Type::template weight_half<Arch>(args.slices + i * args.slices_row + n, args.half + i * args.half_row + n, args);
}

template <class Arch, class Type>
void weight_taps(const WeightTapsArgs<float>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i)
    for (std::int64_t n = 0; n < args.channels; n += lanes<Arch>)
      Type::template weight_taps<Arch>(args.half + i * args.half_row + n, args.taps + i * args.taps_row + n, args);
}

template <class Arch, class Type>
constexpr TransformKernels<float> transform_kernels{
    &to_half<Arch, Type>,       &to_slices<Arch, Type>,   &from_slices<Arch, Type>, &from_half<Arch, Type>,
    &weight_slices<Arch, Type>, &weight_half<Arch, Type>, &weight_taps<Arch, Type>};

}  // namespace
}  // namespace tilewise::kernels
