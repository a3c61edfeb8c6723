#include "ops/window2d.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// No size, stride, dilation or padding is larger: then products of two of them, and sums with an extent, cannot wrap.
constexpr std::int64_t largest = 0x7FFFFFFF;

void expect_between(const char* axis, const char* what, std::int64_t value, std::int64_t least,
                    std::int64_t most = largest) {
  if (value < least || value > most)
    throw ShapeError(std::string(axis) + ": " + what + " " + std::to_string(value) + "; expected " +
                     std::to_string(least) + " to " + std::to_string(most));
}

void expect_axis(const char* axis, std::int64_t size, std::int64_t stride, std::int64_t dilation) {
  expect_between(axis, "window size", size, 1);
  expect_between(axis, "stride", stride, 1);
  expect_between(axis, "dilation", dilation, 1);
}

std::int64_t same_total(std::int64_t in, std::int64_t size, std::int64_t stride, std::int64_t dilation) {
  const std::int64_t out = base::ceil_div(in, stride);
  return std::max<std::int64_t>(0, (out - 1) * stride + (size - 1) * dilation + 1 - in);
}

/// The padded extent of an axis.
std::int64_t padded_extent(const char* axis, std::int64_t in, std::int64_t before, std::int64_t after) {
  expect_between(axis, "padding", before, 0);
  expect_between(axis, "padding", after, 0);
  return base::checked_add(base::checked_add(in, before), after);
}

std::int64_t reach_of(std::int64_t size, std::int64_t dilation) {
  return base::checked_add(base::checked_mul(size - 1, dilation), 1);
}

/// The padding behind an axis with which the last window ends at, or beyond, the end of the padded axis, if it begins
/// before `in + before`. A window that lacks a whole stride or more stays too large, for out() to say.
std::int64_t ceil_after(const char* axis, std::int64_t in, std::int64_t size, std::int64_t stride,
                        std::int64_t dilation, std::int64_t before, std::int64_t after) {
  expect_axis(axis, size, stride, dilation);
  const std::int64_t padded = padded_extent(axis, in, before, after), reach = reach_of(size, dilation);
  if (reach - padded >= stride) return after;
  const std::int64_t beyond = std::max<std::int64_t>(0, padded - reach);
  const std::int64_t windows_before = std::min(beyond / stride + (beyond % stride != 0), (in + before - 1) / stride);
  return std::max<std::int64_t>(0, base::checked_add(windows_before * stride, reach) - in - before);
}

std::int64_t out_extent(const char* axis, std::int64_t in, std::int64_t size, std::int64_t stride,
                        std::int64_t dilation, std::int64_t before, std::int64_t after) {
  expect_axis(axis, size, stride, dilation);
  const std::int64_t padded = padded_extent(axis, in, before, after), reach = reach_of(size, dilation);
  if (reach > padded)
    throw ShapeError(std::string(axis) + ": a window of " + std::to_string(reach) + " on an image of " +
                     std::to_string(in) + " padded to " + std::to_string(padded) + "; expected a window that fits");
  return (padded - reach) / stride + 1;
}

std::int64_t transposed_extent(const char* axis, std::int64_t in, std::int64_t size, std::int64_t stride,
                               std::int64_t dilation, std::int64_t before, std::int64_t after, std::int64_t added) {
  expect_between(axis, "image", in, 1);
  const std::int64_t padding = padded_extent(axis, 0, before, after);
  const std::int64_t whole =
      base::checked_add(base::checked_add(base::checked_mul(in - 1, stride), reach_of(size, dilation)), added);
  if (whole <= padding)
    throw ShapeError(std::string(axis) + ": a transposed window makes " + std::to_string(whole) + " of an image of " +
                     std::to_string(in) + ", and padding takes " + std::to_string(padding) +
                     "; expected something to be left");
  return whole - padding;
}

}  // namespace

Sides Window2D::same_padding(Extent2D in, Extent2D size, Extent2D stride, Extent2D dilation) {
  expect_axis("height", size.height, stride.height, dilation.height);
  expect_axis("width", size.width, stride.width, dilation.width);
  const std::int64_t rows = same_total(in.height, size.height, stride.height, dilation.height);
  const std::int64_t columns = same_total(in.width, size.width, stride.width, dilation.width);
  return {rows / 2, rows - rows / 2, columns / 2, columns - columns / 2};
}

Sides Window2D::ceil_padding(Extent2D in) const {
  Sides sides = padding;
  sides.bottom = ceil_after("height", in.height, size.height, stride.height, dilation.height, sides.top, sides.bottom);
  sides.right = ceil_after("width", in.width, size.width, stride.width, dilation.width, sides.left, sides.right);
  return sides;
}

Window2D Window2D::resolve(Extent2D in, Size2D size, Size2D stride, Size2D dilation, const Padding& padding) {
  Window2D window{{size.height, size.width}, {stride.height, stride.width}, {dilation.height, dilation.width}, {}};
  if (padding.mode == Padding::Mode::same)
    window.padding = same_padding(in, window.size, window.stride, window.dilation);
  if (padding.mode == Padding::Mode::sides) window.padding = {padding.top, padding.bottom, padding.left, padding.right};
  return window;
}

void Window2D::expect_valid() const {
  expect_axis("height", size.height, stride.height, dilation.height);
  expect_axis("width", size.width, stride.width, dilation.width);
  if (size.height * size.width > largest)
    throw ShapeError("a window of " + std::to_string(size.height) + "x" + std::to_string(size.width) +
                     "; expected at most " + std::to_string(largest) + " positions");
}

void Window2D::expect_output_padding(Extent2D added) const {
  expect_between("height", "output padding", added.height, 0, std::max(stride.height, dilation.height) - 1);
  expect_between("width", "output padding", added.width, 0, std::max(stride.width, dilation.width) - 1);
}

Extent2D Window2D::out(Extent2D in) const {
  expect_valid();
  return {out_extent("height", in.height, size.height, stride.height, dilation.height, padding.top, padding.bottom),
          out_extent("width", in.width, size.width, stride.width, dilation.width, padding.left, padding.right)};
}

Extent2D Window2D::transposed_out(Extent2D in, Extent2D output_padding) const {
  expect_valid();
  expect_output_padding(output_padding);
  return {transposed_extent("height", in.height, size.height, stride.height, dilation.height, padding.top,
                            padding.bottom, output_padding.height),
          transposed_extent("width", in.width, size.width, stride.width, dilation.width, padding.left, padding.right,
                            output_padding.width)};
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
