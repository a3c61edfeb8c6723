#include "tilewise/view.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

namespace {

/// No element type of a view is larger.
constexpr std::int64_t largest_element = 8;

}  // namespace

Layout::Layout(const Shape& shape) : shape_(shape) {
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides_[static_cast<std::size_t>(axis)] = stride;
    stride *= std::max<std::int64_t>(1, shape[axis]);  // fits: Shape has checked the product without the zeros
  }
}

Layout::Layout(const Shape& shape, std::initializer_list<std::int64_t> strides)
    : Layout(shape, strides.begin(), static_cast<int>(strides.size())) {}

Layout::Layout(const Shape& shape, const std::int64_t* strides, int count) : shape_(shape) {
  if (count != shape.rank())
    throw ShapeError(std::to_string(count) + " strides for a view of " + shape.to_string() + "; expected " +
                     std::to_string(shape.rank()));
  std::copy(strides, strides + count, strides_.begin());
  std::int64_t reach = 1;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (stride(axis) < 1)
      throw ShapeError("stride " + std::to_string(stride(axis)) + " on axis " + std::to_string(axis) +
                       " of a view of " + shape.to_string() + "; expected 1 or more");
    reach = base::checked_add(reach, base::checked_mul(std::max<std::int64_t>(0, shape[axis] - 1), stride(axis)));
  }
  base::checked_mul(reach, largest_element);
}

bool Layout::is_dense() const noexcept {
  const Layout dense(shape_);
  for (int axis = 0; axis < shape_.rank(); ++axis)
    if (shape_[axis] > 1 && stride(axis) != dense.stride(axis)) return shape_.elements() == 0;
  return true;
}

std::int64_t Layout::span() const noexcept {
  if (shape_.elements() == 0) return 0;
  std::int64_t reach = 1;
  for (int axis = 0; axis < shape_.rank(); ++axis) reach += (shape_[axis] - 1) * stride(axis);
  return reach;
}

bool Layout::is_nested() const noexcept {
  if (shape_.elements() == 0) return true;
  // From the smallest stride to the largest: each axis steps over the reach of those before.
  std::array<bool, Shape::max_rank> is_done{};
  std::int64_t reach = 0;
  for (int done = 0; done < shape_.rank(); ++done) {
    int next = -1;
    for (int axis = 0; axis < shape_.rank(); ++axis)
      if (!is_done[static_cast<std::size_t>(axis)] && (next < 0 || stride(axis) < stride(next))) next = axis;
    is_done[static_cast<std::size_t>(next)] = true;
    if (shape_[next] == 1) continue;
    if (stride(next) <= reach) return false;
    reach += (shape_[next] - 1) * stride(next);
  }
  return true;
}

std::string Layout::to_string() const {
  std::string text = shape_.to_string();
  if (is_dense()) return text;
  for (int axis = 0; axis < shape_.rank(); ++axis)
    text += (axis ? ", " : " with strides ") + std::to_string(stride(axis));
  return text;
}

void check_view_data(const void* data, const Layout& layout) {
  if (!data && layout.shape().elements() > 0)
    throw ArgumentError("a view of " + layout.shape().to_string() + " with null data; expected " +
                        std::to_string(layout.span()) + " elements");
}

}  // namespace tilewise
