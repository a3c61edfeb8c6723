#include "ops/window2d.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

std::int64_t same_total(std::int64_t in, std::int64_t size, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t out = base::ceil_div(in, stride);
  return std::max<std::int64_t>(0, (out - 1) * stride + (size - 1) * dilation + 1 - in);
}

std::int64_t out_extent(const char* axis, std::int64_t in, std::int64_t size, std::int64_t stride,
                        std::int64_t dilation, std::int64_t before, std::int64_t after) {
  const auto fail = [&](const std::string& what) { throw ShapeError(std::string(axis) + ": " + what); };
  if (size < 1) fail("window size " + std::to_string(size) + "; expected 1 or more");
  if (stride < 1) fail("stride " + std::to_string(stride) + "; expected 1 or more");
  if (dilation < 1) fail("dilation " + std::to_string(dilation) + "; expected 1 or more");
  if (before < 0 || after < 0)
    fail("padding " + std::to_string(before) + " and " + std::to_string(after) + "; expected 0 or more");
  const std::int64_t padded = base::checked_add(base::checked_add(in, before), after);
  const std::int64_t reach = base::checked_add(base::checked_mul(size - 1, dilation), 1);
  if (reach > padded)
    fail("a window of " + std::to_string(reach) + " on an image of " + std::to_string(in) + " padded to " +
         std::to_string(padded) + "; expected a window that fits");
  return (padded - reach) / stride + 1;
}

}  // namespace

Sides Window2D::same_padding(Extent2D in, Extent2D size, Extent2D stride, Extent2D dilation) {
  const std::int64_t rows = same_total(in.height, size.height, stride.height, dilation.height);
  const std::int64_t columns = same_total(in.width, size.width, stride.width, dilation.width);
  return {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
}

Extent2D Window2D::out(Extent2D in) const {
  return {out_extent("height", in.height, size.height, stride.height, dilation.height, padding.top, padding.bottom),
          out_extent("width", in.width, size.width, stride.width, dilation.width, padding.left, padding.right)};
}

TapRange taps_of_output(std::int64_t out_place, std::int64_t in, std::int64_t size, std::int64_t stride,
                        std::int64_t dilation, std::int64_t pad_before) {
  const std::int64_t origin = out_place * stride - pad_before;
  const std::int64_t first = origin < 0 ? base::ceil_div(-origin, dilation) : 0;
  const std::int64_t end = origin < in ? std::min(size, (in - 1 - origin) / dilation + 1) : 0;
  if (first >= end) return {0, 1, 0, 0, dilation};
  return {first, 1, end - first, origin + first * dilation, dilation};
}

TapRange taps_of_input(std::int64_t in_place, std::int64_t out, std::int64_t size, std::int64_t stride,
                       std::int64_t dilation, std::int64_t pad_before) {
  // Taps that reach a whole output position follow each other at a fixed distance; the first and the number are found
  // by looking.
  TapRange range{0, 1, 0, 0, 0};
  for (std::int64_t tap = 0; tap < size; ++tap) {
    const std::int64_t distance = in_place + pad_before - tap * dilation;
    if (distance < 0 || distance % stride != 0 || distance / stride >= out) continue;
    if (range.count == 0) {
      range.first = tap;
      range.first_place = distance / stride;
    } else if (range.count == 1) {
      range.step = tap - range.first;
      range.place_step = distance / stride - range.first_place;
    }
    ++range.count;
  }
  return range;
}

}  // namespace tilewise::ops
