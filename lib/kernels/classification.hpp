#pragma once

#include "kernels/contracts/classification.hpp"
#include "kernels/elementwise.hpp"
#include "kernels/simd.hpp"
#include "kernels/vector_math.hpp"

namespace tilewise::kernels {
namespace {

template <class Arch>
[[gnu::always_inline]] inline float largest_of_row(const float* row, std::int64_t classes) {
  const auto take_larger = [](float candidate, float best)
                               TILEWISE_INLINE { return !(candidate <= best) && best == best ? candidate : best; };
  float largest = row[0];
  std::int64_t j = 1;
  if (classes >= 2 * lanes<Arch>) {
    Vec<Arch> best = load<Arch>(row);
    for (j = lanes<Arch>; j + lanes<Arch> <= classes; j += lanes<Arch>) {
      const Vec<Arch> candidate = load<Arch>(row + j);
      best = xsimd::select(is_larger<Arch>(candidate, best), candidate, best);
    }
    alignas(64) float of_lanes[lanes<Arch>];
    store<Arch>(of_lanes, best);
    largest = of_lanes[0];
    for (int lane = 1; lane < lanes<Arch>; ++lane) largest = take_larger(of_lanes[lane], largest);
  }
  for (; j < classes; ++j) largest = take_larger(row[j], largest);
  return largest;
}

/// The sum is one chain in the order of classes, whatever the number of lanes.
template <class Arch>
void softmax(const SoftmaxArgs<float>& args) {
  for (std::int64_t i = 0; i < args.rows; ++i) {
    const float* in = args.in + i * args.classes;
    float* out = args.out + i * args.classes;
    const Vec<Arch> largest(largest_of_row<Arch>(in, args.classes));
    for_each_vector<Arch>(args.classes, [&](std::int64_t j, auto width) TILEWISE_INLINE {
      store_part<Arch>(out + j, exp_chain<VectorMath<Arch>>(load_part<Arch>(in + j, width) - largest), width);
    });
    float sum = 0;
    for (std::int64_t j = 0; j < args.classes; ++j) sum += out[j];
    const Vec<Arch> divisor(sum);
    for_each_vector<Arch>(args.classes, [&](std::int64_t j, auto width) TILEWISE_INLINE {
      store_part<Arch>(out + j, divide<Arch>(load_part<Arch>(out + j, width), divisor), width);
    });
  }
}

}  // namespace
}  // namespace tilewise::kernels
