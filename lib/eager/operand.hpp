#pragma once

#include <initializer_list>
#include <string_view>

#include "tilewise/view.hpp"

namespace tilewise::eager {

/// A view of the caller's with its element type forgotten, const too: outputs enter as views of elements that are not.
struct Operand {
  void* data;
  Layout layout;
  std::int64_t element_bytes;
  bool is_given;

  template <class T>
  Operand(const View<T>& view)
      : data(const_cast<std::remove_const_t<T>*>(view.data())),
        layout(view.layout()),
        element_bytes(sizeof(T)),
        is_given(view.is_given()) {}

  const Shape& shape() const noexcept { return layout.shape(); }
  std::int64_t bytes() const noexcept { return is_given ? layout.span() * element_bytes : 0; }
};

/// The first byte to the last of each; false if one has none.
bool ranges_overlap(const Operand& a, const Operand& b) noexcept;

/// Throws ArgumentError, naming op and tensor, for a view that is left out.
void require_given(std::string_view op, std::string_view name, const Operand& operand);
/// Throws ArgumentError, naming both, if the memory of an output is another's too.
void require_apart(std::string_view op, std::string_view output_name, const Operand& output,
                   std::string_view other_name, const Operand& other);
/// Throws ShapeError if two elements of an output are one.
void require_nested(std::string_view op, std::string_view name, const Operand& output);
/// Throws ShapeError unless `shape` has the rank that `meaning` ("batch x height x width x channels") describes.
void require_rank(std::string_view op, std::string_view name, const Shape& shape, int rank, const char* meaning);

/// Throws ShapeError unless the extents of w that are to be those of x and of the bias are.
void require_weights_fit(std::string_view op, const Operand& w, std::int64_t in, const Operand& bias);

/// The shape without its first axis, the batch.
Shape sample_of(const Shape& shape);

}  // namespace tilewise::eager
