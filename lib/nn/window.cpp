#include "nn/window.hpp"

#include <algorithm>

#include "nn/layer.hpp"

namespace tilewise::nn {

ops::Window2D resolve_window(const Shape& image, Size2D size, Size2D stride, const Padding& padding, Size2D dilation) {
  ops::Window2D window{.size = {size.height, size.width},
                       .stride = {stride.height, stride.width},
                       .dilation = {dilation.height, dilation.width}};
  if (padding.mode == Padding::Mode::same)
    window.padding = ops::Window2D::same_padding({image[0], image[1]}, window.size, window.stride, window.dilation);
  if (padding.mode == Padding::Mode::sides) window.padding = {padding.top, padding.bottom, padding.left, padding.right};
  return window;
}

void check_window(Size2D size, Size2D stride, const Padding& padding, std::string_view kind, const char* size_name,
                  Size2D dilation) {
  require_at_least(1, std::min(size.height, size.width), kind, size_name);
  require_at_least(1, std::min(stride.height, stride.width), kind, "stride");
  require_at_least(1, std::min(dilation.height, dilation.width), kind, "dilation");
  require_at_least(0, std::min({padding.top, padding.bottom, padding.left, padding.right}), kind, "padding");
}

}  // namespace tilewise::nn
