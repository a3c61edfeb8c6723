#pragma once

#include "ops/window2d.hpp"

namespace tilewise::test {

/// f(place of the output, tap, place of the input) for all taps of a window that lie on the image, in row order; places
/// are counted over a batch.
template <class F>
void for_places(const ops::Window2D& window, ops::Extent2D in, std::int64_t batch, F f) {
  const ops::Extent2D out = window.out(in);
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
