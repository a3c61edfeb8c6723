#include "ops/transposed_window.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

namespace {

/// What one axis cuts off before and after, and what it adds behind.
struct CutAxis {
  std::int64_t before, after, added;

  /// Keras's `valid` and `same`; output_padding -1: not given.
  CutAxis(Padding::Mode mode, std::int64_t size, std::int64_t stride, std::int64_t dilation,
          std::int64_t output_padding) {
    const std::int64_t reach = base::checked_add(base::checked_mul(size - 1, dilation), 1);
    std::int64_t surplus = 0;  // of the whole stamps over the extent that is asked for
    if (output_padding < 0)
      surplus = mode == Padding::Mode::same ? reach - stride : std::min<std::int64_t>(0, reach - stride);
    else
      surplus = mode == Padding::Mode::same ? reach - reach % 2 - output_padding : -output_padding;
    const std::int64_t cut = std::max<std::int64_t>(0, surplus);
    before = cut / 2;
    after = cut - before;
    added = cut - surplus;
  }
};

}  // namespace

TransposedWindow TransposedWindow::resolve(Extent2D in, Size2D size, Size2D stride, Size2D dilation,
                                           const Padding& padding, const std::optional<Size2D>& output_padding) {
  const Size2D given = output_padding.value_or(Size2D(-1));
  const CutAxis rows(padding.mode, size.height, stride.height, dilation.height, given.height);
  const CutAxis columns(padding.mode, size.width, stride.width, dilation.width, given.width);
  TransposedWindow resolved{Window2D::resolve(in, size, stride, dilation, padding), {rows.added, columns.added}};
  if (padding.mode != Padding::Mode::sides)
    resolved.window.padding = {rows.before, rows.after, columns.before, columns.after};
  resolved.extent = resolved.window.transposed_out(in, resolved.added);
  return resolved;
}

}  // namespace tilewise::ops
