#pragma once

#include <vector>

#include "ops/window2d.hpp"

namespace tilewise::ops {

/// The output places of a window, cut into a grid of rectangles of which all places have the same taps on real input:
/// one in the middle, the others along the borders. Rows and columns that no tap reaches are left out.
struct TapRegions {
  struct Axis {
    std::int64_t begin, end;  ///< output places
    TapRange taps;            ///< of place `begin`
  };
  std::vector<Axis> rows, columns;

  TapRegions(const Window2D& window, Extent2D in);
};

}  // namespace tilewise::ops
