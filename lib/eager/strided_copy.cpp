#include "eager/strided_copy.hpp"

#include <cstring>

#include "base/checked.hpp"
#include "plan/parallel.hpp"

namespace tilewise::eager {

namespace {

/// Elements that make several lanes worth while.
constexpr std::int64_t elements_for_lanes = 32768;

/// A view as rows along its last axis; axes that follow each other without a gap count as one.
struct Rows {
  std::int64_t length = 1, step = 1;  ///< of a row
  std::int64_t count = 1;
  std::array<std::int64_t, Shape::max_rank> extents{}, strides{};  ///< of the axes that count rows, innermost first
  std::size_t axes = 0;

  explicit Rows(const Layout& layout) {
    bool has_row = false;
    for (int axis = layout.shape().rank() - 1; axis >= 0; --axis) {
      const std::int64_t extent = layout.shape()[axis], stride = layout.stride(axis);
      if (extent == 1) continue;
      if (!has_row) {
        length = extent;
        step = stride;
        has_row = true;
      } else if (axes == 0 && stride == length * step) {
        length *= extent;
      } else if (axes > 0 && stride == extents[axes - 1] * strides[axes - 1]) {
        extents[axes - 1] *= extent;
      } else {
        extents[axes] = extent;
        strides[axes++] = stride;
      }
    }
    for (std::size_t axis = 0; axis < axes; ++axis) count *= extents[axis];
  }

  /// Elements from the view's first one to the first of row `row`.
  std::int64_t offset(std::int64_t row) const noexcept {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      offset += row % extents[axis] * strides[axis];
      row /= extents[axis];
    }
    return offset;
  }
};

/// Copies `count` elements that lie from_step and to_step elements apart.
template <std::size_t bytes>
void copy_row(const std::byte* from, std::int64_t from_step, std::byte* to, std::int64_t to_step, std::int64_t count) {
  if (from_step == 1 && to_step == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * bytes);
    return;
  }
  constexpr auto element = static_cast<std::int64_t>(bytes);
  for (std::int64_t i = 0; i < count; ++i)
    std::memcpy(to + i * to_step * element, from + i * from_step * element, bytes);
}

/// Calls f(row, the row's offset in the view) for each row: in all lanes, or in one where a few elements are
/// not worth more.
template <class F>
void for_rows(const Rows& rows, std::int64_t elements, int max_lanes, const F& f) {
  const int lanes = elements >= elements_for_lanes ? max_lanes : 1;
  plan::run(lanes, [&](int lane) {
    const std::int64_t end = base::part_begin(lane + 1, lanes, rows.count);
    for (std::int64_t row = base::part_begin(lane, lanes, rows.count); row < end; ++row) f(row, rows.offset(row));
  });
}

template <std::size_t bytes>
void gather_elements(const Layout& layout, const std::byte* from, std::byte* dense, int lanes) {
  const Rows rows(layout);
  constexpr auto element = static_cast<std::int64_t>(bytes);
  for_rows(rows, layout.shape().elements(), lanes, [&](std::int64_t row, std::int64_t offset) {
    copy_row<bytes>(from + offset * element, rows.step, dense + row * rows.length * element, 1, rows.length);
  });
}

template <std::size_t bytes>
void scatter_elements(const Layout& layout, const std::byte* dense, std::byte* to, int lanes) {
  const Rows rows(layout);
  constexpr auto element = static_cast<std::int64_t>(bytes);
  for_rows(rows, layout.shape().elements(), lanes, [&](std::int64_t row, std::int64_t offset) {
    copy_row<bytes>(dense + row * rows.length * element, 1, to + offset * element, rows.step, rows.length);
  });
}

}  // namespace

void gather(const Layout& layout, std::int64_t element_bytes, const void* from, void* dense, int lanes) {
  if (layout.shape().elements() == 0) return;
  const auto* source = static_cast<const std::byte*>(from);
  auto* target = static_cast<std::byte*>(dense);
  if (element_bytes == 1)
    gather_elements<1>(layout, source, target, lanes);
  else
    gather_elements<4>(layout, source, target, lanes);
}

void scatter(const Layout& layout, std::int64_t element_bytes, const void* dense, void* to, int lanes) {
  if (layout.shape().elements() == 0) return;
  const auto* source = static_cast<const std::byte*>(dense);
  auto* target = static_cast<std::byte*>(to);
  if (element_bytes == 1)
    scatter_elements<1>(layout, source, target, lanes);
  else
    scatter_elements<4>(layout, source, target, lanes);
}

}  // namespace tilewise::eager
