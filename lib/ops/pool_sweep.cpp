#include "ops/pool_sweep.hpp"

#include "ops/image.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

bool PoolGeometry::disjoint() const noexcept {
  return (window.size.height - 1) * window.dilation.height < window.stride.height &&
         (window.size.width - 1) * window.dilation.width < window.stride.width;
}

bool PoolGeometry::tiles_exactly() const noexcept {
  return window.stride == window.size && window.dilation == Extent2D{1, 1} && window.padding == Sides{} &&
         out.height * window.stride.height == in.height && out.width * window.stride.width == in.width;
}

TapRange PoolGeometry::row_taps(std::int64_t row) const {
  return taps_of_output(row, in.height, window.size.height, window.stride.height, window.dilation.height,
                        window.padding.top);
}

TapRange PoolGeometry::column_taps(std::int64_t column) const {
  return taps_of_output(column, in.width, window.size.width, window.stride.width, window.dilation.width,
                        window.padding.left);
}

kernels::PoolWindow PoolGeometry::part(const TapRange& vertical, const TapRange& horizontal) const noexcept {
  return {static_cast<std::int32_t>(vertical.count), static_cast<std::int32_t>(horizontal.count),
          static_cast<std::int32_t>(vertical.first), static_cast<std::int32_t>(horizontal.first),
          static_cast<std::int32_t>(window.size.width)};
}

PoolSweep::PoolSweep(const Window2D& window, const Shape& image) : PoolGeometry(window, image) {
  for (std::int64_t column = 0; column < out.width;) {
    const TapRange first = column_taps(column);
    std::int64_t count = 1;
    while (disjoint() && column + count < out.width && column_taps(column + count).first == first.first &&
           column_taps(column + count).count == first.count)
      ++count;
    runs.push_back({column, count, first});
    column += count;
  }
}

void expect_pool_image(const Op& op, const TensorSpec& image, const Window2D& window) {
  expect_image(op, image);
  const PoolGeometry sweep(window, image.shape);
  bool reached = true;
  for (std::int64_t row = 0; reached && row < sweep.out.height; ++row) reached = sweep.row_taps(row).count > 0;
  for (std::int64_t column = 0; reached && column < sweep.out.width; ++column)
    reached = sweep.column_taps(column).count > 0;
  if (!reached)
    throw ShapeError(std::string(op.kind()) + ": a window lies wholly in the padding; expected less padding");
}

TensorSpec pooled(const TensorSpec& image, const Window2D& window, Element element) {
  const Extent2D out = window.out({image.shape[0], image.shape[1]});
  return {{out.height, out.width, image.shape[2]}, Storage::batched, element};
}

Element index_element(const Window2D& window) noexcept {
  return window.size.height * window.size.width > kernels::max_u8_positions ? Element::u32 : Element::u8;
}

Step one_phase(const char* name, std::int64_t items, std::function<void(Tensors, const Work&)> run) {
  return {"", {{name, items, true, 0, std::move(run)}}, {}};
}

}  // namespace tilewise::ops
