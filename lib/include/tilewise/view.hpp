#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "tilewise/shape.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// The extents of a tensor, and for each axis its stride: how many elements lie from one index to the next.
class Layout {
 public:
  Layout() = default;
  /// Row-major without gaps.
  explicit Layout(const Shape& shape);
  /// Throws ShapeError unless there is a stride for each axis, each is at least 1, and the last element's distance from
  /// the first, in bytes, fits into 63 bits.
  Layout(const Shape& shape, std::initializer_list<std::int64_t> strides);
  Layout(const Shape& shape, const std::int64_t* strides, int count);

  const Shape& shape() const noexcept { return shape_; }
  std::int64_t stride(int axis) const noexcept { return strides_[static_cast<std::size_t>(axis)]; }

  /// Whether it is row-major without gaps; the stride of an axis of extent 1 does not count.
  bool is_dense() const noexcept;
  /// Elements from the first to the last one, both included; 0 if there is none.
  std::int64_t span() const noexcept;
  /// Whether each stride steps over all that the smaller ones reach, so that no element has two indices.
  bool is_nested() const noexcept;
  /// "2x3x1 with strides 6, 2, 1"; of a dense one only the shape.
  std::string to_string() const;

 private:
  Shape shape_;
  std::array<std::int64_t, Shape::max_rank> strides_{};
};

/// Throws ArgumentError for null data of a layout that has elements.
void check_view_data(const void* data, const Layout& layout);

/// A tensor in memory that the caller owns, which must be there as long as the view is used. Aligned as T is; cache
/// lines are faster.
template <class T>
class View {
 public:
  /// None: an optional argument left out.
  View() = default;
  /// Dense: row-major without gaps. Throws ArgumentError for null data, unless the shape is empty.
  View(T* data, const Shape& shape) : View(data, Layout(shape)) {}
  /// Throws what Layout throws, and ArgumentError as above.
  View(T* data, const Shape& shape, std::initializer_list<std::int64_t> strides) : View(data, Layout(shape, strides)) {}
  View(T* data, const Layout& layout) : data_(data), layout_(layout), is_given_(true) { check_view_data(data, layout); }
  /// To a view of const elements.
  template <class U>
  requires(std::is_same_v<T, const U>) View(const View<U>& other)
      : data_(other.data()), layout_(other.layout()), is_given_(other.is_given()) {}

  T* data() const noexcept { return data_; }
  const Layout& layout() const noexcept { return layout_; }
  const Shape& shape() const noexcept { return layout_.shape(); }
  bool is_given() const noexcept { return is_given_; }

 private:
  T* data_ = nullptr;
  Layout layout_;
  bool is_given_ = false;
};

using TensorView = View<float>;
using ConstTensorView = View<const float>;

}  // namespace tilewise
#pragma GCC visibility pop
