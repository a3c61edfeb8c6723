#include "nn/window.hpp"

#include <algorithm>

#include "nn/layer.hpp"

namespace tilewise::nn {

ops::Window2D resolve_window(const Shape& image, Size2D size, Size2D stride, const Padding& padding, Size2D dilation) {
  return ops::Window2D::resolve({image[0], image[1]}, size, stride, dilation, padding);
}

void check_window(Size2D size, Size2D stride, const Padding& padding, std::string_view kind, const char* size_name,
                  Size2D dilation) {
  require_at_least(1, std::min(size.height, size.width), kind, size_name);
  require_at_least(1, std::min(stride.height, stride.width), kind, "stride");
  require_at_least(1, std::min(dilation.height, dilation.width), kind, "dilation");
  require_at_least(0, std::min({padding.top, padding.bottom, padding.left, padding.right}), kind, "padding");
}

}  // namespace tilewise::nn
