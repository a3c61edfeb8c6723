#include "ops/transpose_weights.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

Shape transposed(const Shape& shape, std::int64_t groups) {
  std::int64_t extents[Shape::max_rank];
  for (int axis = 0; axis < shape.rank(); ++axis) extents[axis] = shape[axis];
  extents[shape.rank() - 1] = shape[shape.rank() - 2] * groups;
  extents[shape.rank() - 2] = shape[shape.rank() - 1] / groups;
  return Shape(extents, shape.rank());
}

}  // namespace

std::vector<TensorSpec> TransposeWeights::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 1 || inputs[0].storage != Storage::packed || inputs[0].shape.rank() < 2)
    throw ShapeError("transpose_weights: expected one kernel of rank 2 or more");
  const std::int64_t groups = inputs[0].groups;
  return {{transposed(inputs[0].shape, groups), Storage::packed, Element::scalar, groups}};
}

Step TransposeWeights::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    const std::int64_t size = table.channel_block;
    const base::WeightsLayout from = weights_layout(request.inputs[0], size);
    const base::WeightsLayout to = weights_layout(request.outputs[0], size);
    // An item is one tap of one block of the result; its filling columns stay the zeros that derived memory begins
    // with.
    Phase phase{"transpose", to.blocks() * to.taps, false, 0, {}};
    phase.run = [&table, from, to, size](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
        const std::int64_t to_block = item / to.taps, tap = item % to.taps;
        const std::int64_t group = to_block / to.group_blocks(), column = to_block % to.group_blocks() * size;
        for (std::int64_t row = 0; row < to.in; row += size) {
          const std::int64_t from_block = group * from.group_blocks() + row / size;
          const T* in =
              tensor<const T>(tensors, 0) + from_block * from.block_elements() + (tap * from.in + column) * size;
          T* out = tensor<T>(tensors, 1) + to_block * to.block_elements() + ((to.taps - 1 - tap) * to.in + row) * size;
          table.transpose({in, out, size, size, std::min(size, from.in - column), std::min(size, to.in - row)});
        }
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
