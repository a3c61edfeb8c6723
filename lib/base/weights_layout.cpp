#include "base/weights_layout.hpp"

#include "base/checked.hpp"

namespace tilewise::base {

WeightsLayout weights_layout(const Shape& shape, std::int64_t block, std::int64_t groups) {
  if (shape.rank() == 0) throw ShapeError("a parameter needs a shape of rank 1 or more");
  const int last = shape.rank() - 1;
  if (groups < 1 || shape[last] % groups != 0)
    throw ShapeError(std::to_string(groups) + " groups of " + std::to_string(shape[last]) +
                     " output channels; expected groups that divide them");
  WeightsLayout layout{1, last > 0 ? shape[last - 1] : 1, shape[last], block, groups};
  for (int axis = 0; axis < last - 1; ++axis) layout.taps *= shape[axis];
  // Filling up multiplies the size by less than block + 1.
  checked_mul(checked_mul(shape.elements(), 2), checked_mul(block, static_cast<std::int64_t>(sizeof(double))));
  return layout;
}

}  // namespace tilewise::base
