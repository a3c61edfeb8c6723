#pragma once

#include <optional>

#include "ops/window2d.hpp"

namespace tilewise::ops {

/// What a transposed convolution is told, resolved for one image.
struct TransposedWindow {
  Window2D window;    ///< its padding is what is cut off the stamps
  Extent2D added{};   ///< rows and columns more at the bottom and right
  Extent2D extent{};  ///< of the result

  /// Keras's meaning of `valid` and `same`: layers.hpp has the formulas. Throws ShapeError as transposed_out() does.
  static TransposedWindow resolve(Extent2D in, Size2D size, Size2D stride, Size2D dilation, const Padding& padding,
                                  const std::optional<Size2D>& output_padding);
};

}  // namespace tilewise::ops
