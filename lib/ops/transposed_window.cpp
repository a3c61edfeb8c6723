#include "ops/transposed_window.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

namespace {

/// What one axis cuts off before and after, and what it adds behind.
struct CutAxis {
  std::int64_t before, after, added;

  /// Keras's `valid` and `same`.
  CutAxis(Padding::Mode mode, std::int64_t size, std::int64_t stride, std::int64_t dilation,
          const std::optional<std::int64_t>& output_padding) {
    const std::int64_t reach = base::checked_add(base::checked_mul(size - 1, dilation), 1);
    std::int64_t surplus = 0;  // of the whole stamps over the extent that is asked for
    if (!output_padding)
      surplus = mode == Padding::Mode::same ? reach - stride : std::min<std::int64_t>(0, reach - stride);
    else
      surplus = mode == Padding::Mode::same ? reach - reach % 2 - *output_padding : -*output_padding;
    const std::int64_t cut = std::max<std::int64_t>(0, surplus);
    before = cut / 2;
    after = cut - before;
    added = cut - surplus;
  }
};

}  // namespace

TransposedWindow TransposedWindow::resolve(Extent2D in, Size2D size, Size2D stride, Size2D dilation,
                                           const Padding& padding, const std::optional<Size2D>& output_padding) {
  std::optional<std::int64_t> more_rows, more_columns;
  if (output_padding) more_rows = output_padding->height, more_columns = output_padding->width;
  TransposedWindow resolved{Window2D::resolve(in, size, stride, dilation, padding)};
  resolved.window.expect_valid();
  if (output_padding) resolved.window.expect_output_padding({*more_rows, *more_columns});
  const CutAxis rows(padding.mode, size.height, stride.height, dilation.height, more_rows);
  const CutAxis columns(padding.mode, size.width, stride.width, dilation.width, more_columns);
  resolved.added = {rows.added, columns.added};
  if (padding.mode != Padding::Mode::sides)
    resolved.window.padding = {rows.before, rows.after, columns.before, columns.after};
  resolved.extent = resolved.window.transposed_out(in, resolved.added);
  return resolved;
}

}  // namespace tilewise::ops
