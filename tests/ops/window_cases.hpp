#pragma once

#include <algorithm>

#include "ops/window2d.hpp"
#include "support/pick.hpp"

namespace tilewise::test {

/// Any kernel up to `largest`, stride, dilation and sides of padding.
inline ops::Window2D draw_window(Pick& pick, std::int64_t largest) {
  return {{pick.size(largest), pick.size(largest)},
          {pick.size(3), pick.size(3)},
          {pick.size(3), pick.size(3)},
          {pick.size(4) - 1, pick.size(4) - 1, pick.size(4) - 1, pick.size(4) - 1}};
}

/// The smallest image, at least one row or column, that its reach fits in.
inline std::int64_t least_height(const ops::Window2D& window) {
  return std::max<std::int64_t>(
      1, (window.size.height - 1) * window.dilation.height + 1 - window.padding.top - window.padding.bottom);
}
inline std::int64_t least_width(const ops::Window2D& window) {
  return std::max<std::int64_t>(
      1, (window.size.width - 1) * window.dilation.width + 1 - window.padding.left - window.padding.right);
}

/// f(place of the output, tap, place of the input) for all taps of a window that lie on the image, in row order; places
/// are counted over a batch. `out` may be any extent.
template <class F>
void for_places(const ops::Window2D& window, ops::Extent2D out, ops::Extent2D in, std::int64_t batch, F f) {
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q)
        for (std::int64_t tap = 0; tap < window.size.height * window.size.width; ++tap) {
          const std::int64_t i =
              p * window.stride.height + tap / window.size.width * window.dilation.height - window.padding.top;
          const std::int64_t j =
              q * window.stride.width + tap % window.size.width * window.dilation.width - window.padding.left;
          if (i < 0 || i >= in.height || j < 0 || j >= in.width) continue;
          f((n * out.height + p) * out.width + q, tap, (n * in.height + i) * in.width + j);
        }
}

}  // namespace tilewise::test
