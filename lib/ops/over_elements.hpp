#pragma once

#include <algorithm>

#include "base/checked.hpp"
#include "ops/op.hpp"

namespace tilewise::ops {

/// Elements of one item where a tensor has no samples to be cut by.
inline constexpr std::int64_t slice_elements = 8192;

/// A phase that calls f(tensors, first element, number of elements) for slices of a tensor of this spec.
template <class F>
Phase over_elements(const char* name, const Kernels& kernels, const TensorSpec& spec, F f) {
  if (spec.storage == Storage::batched)
    return {name, 1, true, 0, [f, image = spec.shape.elements()](Tensors tensors, const Work& work) {
              f(tensors, work.image_begin * image, (work.image_end - work.image_begin) * image);
            }};
  const std::int64_t count = spec.storage == Storage::packed ? weights_layout(spec, kernels.channel_block()).elements()
                                                             : spec.shape.elements();
  return {name, base::ceil_div(count, slice_elements), false, 0, [f, count](Tensors tensors, const Work& work) {
            const std::int64_t begin = work.item_begin * slice_elements;
            f(tensors, begin, std::min(count, work.item_end * slice_elements) - begin);
          }};
}

}  // namespace tilewise::ops
