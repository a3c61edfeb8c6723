#pragma once

#include "ops/op.hpp"
#include "ops/window2d.hpp"

/// Batches of images, height x width x channels.
namespace tilewise::ops {

inline TensorSpec image_spec(Extent2D extent, std::int64_t channels) {
  return {{extent.height, extent.width, channels}};
}

inline Extent2D extent_of(const TensorSpec& image) {
  return {image.shape[0], image.shape[1]};
}

/// Some channels of one image, from those of its first place on.
struct ImageMap {
  const float* data;
  std::int64_t row_step, column_step;
};

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

/// Throws ShapeError, naming the op, unless `spec` is a batch of images.
void expect_image(const Op& op, const TensorSpec& spec);

}  // namespace tilewise::ops
