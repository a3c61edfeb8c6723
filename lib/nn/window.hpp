#pragma once

#include <string_view>

#include "ops/window2d.hpp"
#include "tilewise/layers.hpp"

namespace tilewise::nn {

/// The window of a layer on an image, its padding resolved to sides.
ops::Window2D resolve_window(const Shape& image, Size2D size, Size2D stride, const Padding& padding,
                             Size2D dilation = 1);

/// Throws ArgumentError for a size, stride or dilation below 1, or sides below 0.
void check_window(Size2D size, Size2D stride, const Padding& padding, std::string_view kind, const char* size_name,
                  Size2D dilation = 1);

}  // namespace tilewise::nn
