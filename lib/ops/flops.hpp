#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

/// What Op::flops() is made of.
namespace tilewise::ops {

/// Of `passes` passes of a convolution whose window lies at so many places, or gathers from them: each weight is
/// multiplied once at each.
inline double conv_flops(const LowerRequest& request, Extent2D places, const Shape& kernel, int passes = 1) {
  return 2.0 * double(passes) * double(request.batch) * double(places.height * places.width) *
         double(kernel.elements());
}
/// How many of the gradients of image and kernel are wanted, the first two outputs of a backward op.
inline int wanted_passes(const LowerRequest& request) {
  return int(request.wanted[0]) + int(request.wanted[1]);
}

}  // namespace tilewise::ops
