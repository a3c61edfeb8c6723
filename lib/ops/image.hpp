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

/// Throws ShapeError, naming the op, unless `spec` is a batch of images.
void expect_image(const Op& op, const TensorSpec& spec);

}  // namespace tilewise::ops
