#include "ops/transpose_weights.hpp"

#include <algorithm>

#include "base/weights_layout.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

Shape transposed(const Shape& shape) {
  std::int64_t extents[Shape::max_rank];
  for (int axis = 0; axis < shape.rank(); ++axis) extents[axis] = shape[axis];
  std::swap(extents[shape.rank() - 1], extents[shape.rank() - 2]);
  return Shape(extents, shape.rank());
}

}  // namespace

std::vector<TensorSpec> TransposeWeights::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 1 || inputs[0].storage != Storage::packed || inputs[0].shape.rank() < 2)
    throw ShapeError("transpose_weights: expected one kernel of rank 2 or more");
  return {{transposed(inputs[0].shape), Storage::packed}};
}

Step TransposeWeights::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    const std::int64_t size = table.channel_block;
    const base::WeightsLayout from = base::weights_layout(request.inputs[0].shape, size);
    const base::WeightsLayout to = base::weights_layout(request.outputs[0].shape, size);
    // An item is one tap of one block of the result; its filling columns stay the zeros that derived memory begins
    // with.
    Phase phase{"transpose", to.blocks() * to.taps, false, 0, {}};
    phase.run = [&table, from, to, size](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
        const std::int64_t to_block = item / to.taps, tap = item % to.taps;
        for (std::int64_t from_block = 0; from_block < from.blocks(); ++from_block) {
          const T* in = tensor<const T>(tensors, 0) + from_block * from.block_elements() +
                        (tap * from.in + to_block * size) * size;
          T* out = tensor<T>(tensors, 1) + to_block * to.block_elements() +
                   ((to.taps - 1 - tap) * to.in + from_block * size) * size;
          table.transpose({in, out, size, size, std::min(size, from.in - to_block * size),
                           std::min(size, to.in - from_block * size)});
        }
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
