#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tilewise/options.hpp"
#include "tilewise/shape.hpp"

/// The geometry that convolution and pooling share.
namespace tilewise::ops {

struct Extent2D {
  std::int64_t height, width;
  friend bool operator==(const Extent2D&, const Extent2D&) = default;
};

struct Sides {
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;
  friend bool operator==(const Sides&, const Sides&) = default;
};

/// A window that slides over a padded image.
struct Window2D {
  Extent2D size;
  Extent2D stride{1, 1};
  Extent2D dilation{1, 1};
  Sides padding{};

  friend bool operator==(const Window2D&, const Window2D&) = default;

  /// The padding that gives ceil(in / stride) outputs, the odd row or column at the bottom or right (as Keras does).
  static Sides same_padding(Extent2D in, Extent2D size, Extent2D stride, Extent2D dilation);

  /// The window's padding, but what a last window lacks at the bottom and right added to it, so that the output's
  /// extents are rounded up. As in PyTorch, a window that would begin behind the image is left out.
  Sides ceil_padding(Extent2D in) const;
  /// As layers and single operations are told, the padding of an image of extent `in` resolved to sides.
  static Window2D resolve(Extent2D in, Size2D size, Size2D stride, Size2D dilation, const Padding& padding);

  /// Throws ShapeError, naming the axis, for sizes, strides or dilations below 1, or too large to multiply.
  void expect_valid() const;
  /// The same for an output padding below 0, or neither below the stride nor below the dilation.
  void expect_output_padding(Extent2D added) const;

  /// Output extent for an image of extent `in`. Throws ShapeError, naming the sizes, for sizes, strides or dilations
  /// below 1, negative padding, or a window that exceeds the padded image.
  Extent2D out(Extent2D in) const;

  /// Output extent of the transposed convolution for an image of extent `in`: (in - 1) * stride + reach - padding +
  /// output_padding. Throws ShapeError as out() does, or for an output padding below 0 or neither below the stride nor
  /// below the dilation, or an output below 1.
  Extent2D transposed_out(Extent2D in, Extent2D output_padding) const;
};

/// The taps of a window, along one axis, that lie on real input (forward), or the outputs that an input contributes to
/// (backward).
struct TapRange {
  std::int64_t first;        ///< the first tap
  std::int64_t step;         ///< from one tap to the next
  std::int64_t count;        ///< how many; 0 where none reaches
  std::int64_t first_place;  ///< the input position under the first tap (backward: the output position)
  std::int64_t place_step;   ///< from one tap's place to the next's
};

/// Taps of the window at output position `out_place` that lie within [0, in).
TapRange taps_of_output(std::int64_t out_place, std::int64_t in, std::int64_t size, std::int64_t stride,
                        std::int64_t dilation, std::int64_t pad_before);

/// Taps through which input position `in_place` reaches an output within [0, out).
TapRange taps_of_input(std::int64_t in_place, std::int64_t out, std::int64_t size, std::int64_t stride,
                       std::int64_t dilation, std::int64_t pad_before);

}  // namespace tilewise::ops
