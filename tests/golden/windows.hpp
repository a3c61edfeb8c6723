#pragma once

#include <nlohmann/json.hpp>

#include "ops/window2d.hpp"

namespace tilewise::golden {

/// The window of a conv2d or pooling case over images of this shape, batch first.
inline ops::Window2D window_of(const nlohmann::json& golden, ops::Extent2D size, const Shape& images) {
  const ops::Extent2D stride{golden.at("strides").at(0), golden.at("strides").at(1)};
  ops::Window2D window{.size = size, .stride = stride};
  if (golden.at("padding") == "same")
    window.padding = ops::Window2D::same_padding({images[1], images[2]}, size, stride, {1, 1});
  return window;
}

}  // namespace tilewise::golden
