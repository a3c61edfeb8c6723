#include "tilewise/shape.hpp"

#include "base/checked.hpp"

namespace tilewise {

Shape::Shape(std::initializer_list<std::int64_t> extents) : Shape(extents.begin(), static_cast<int>(extents.size())) {}

Shape::Shape(const std::int64_t* extents, int rank) : rank_(rank) {
  if (rank < 0 || rank > max_rank)
    throw ShapeError("a shape of rank " + std::to_string(rank) + "; ranks 0 to " + std::to_string(max_rank) +
                     " are possible");
  for (int axis = 0; axis < rank; ++axis) {
    if (extents[axis] < 0)
      throw ShapeError("extent " + std::to_string(extents[axis]) + " on axis " + std::to_string(axis) +
                       "; extents must not be negative");
    extents_[static_cast<std::size_t>(axis)] = extents[axis];
  }
  // The product without the zeros is checked, so that no partial product of a non-empty slice can wrap either.
  std::int64_t nonzero_product = 1;
  for (int axis = 0; axis < rank; ++axis)
    if (extents[axis] != 0) nonzero_product = base::checked_mul(nonzero_product, extents[axis]);
  for (int axis = 0; axis < rank; ++axis) elements_ *= extents[axis];
}

Shape Shape::with_outer(std::int64_t extent) const {
  std::array<std::int64_t, max_rank + 1> extents{extent};
  for (int axis = 0; axis < rank_; ++axis) extents[static_cast<std::size_t>(axis) + 1] = (*this)[axis];
  return Shape(extents.data(), rank_ + 1);
}

std::string Shape::to_string() const {
  if (rank_ == 0) return "scalar";
  std::string text;
  for (std::int64_t extent : *this) {
    if (!text.empty()) text += 'x';
    text += std::to_string(extent);
  }
  return text;
}

}  // namespace tilewise
