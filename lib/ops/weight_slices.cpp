#include "ops/weight_slices.hpp"

namespace tilewise::ops {

void PackedKernel::to_slices(const kernels::KernelTable<float>& table, kernels::Transform transform,
                             kernels::SliceGroups groups, std::int64_t row, std::int64_t rows, std::int64_t first,
                             std::int64_t count, const WeightGroup<float>& slices) const {
  const std::int64_t tap = layout.in * layout.block;
  kernels::WeightSlicesArgs<float> args{};
  args.tap_column = reversed ? -tap : tap;
  args.tap_row = 3 * args.tap_column;
  args.taps_row = layout.block;
  args.slice_step = slices.slice_step;
  args.slices_row = slices.row_step;
  args.rows = rows;
  args.groups = groups;
  for (std::int64_t channel = 0; channel < count; channel += args.channels) {
    const std::int64_t n = first + channel;
    args.channels = std::min(layout.block - n % layout.block, count - channel);
    args.taps = data + layout.position(n) + row * layout.block + (reversed ? 8 * tap : 0);
    args.slices = slices.data + channel;
    table.of(transform).weight_slices(args);
  }
}

std::vector<TensorSpec> WeightSlices::infer(const std::vector<TensorSpec>& inputs) const {
  const Shape& kernel = inputs[0].shape;
  expect_inputs(*this, inputs, {{{3, 3, kernel[2], kernel[3]}, Storage::packed}});
  const WeightSlicesLayout layout{kernels::shape_of(transform_).slices, kernel[2], kernel[3]};
  return {{{layout.elements()}, Storage::plain}};
}

Step WeightSlices::lower(const LowerRequest& request) const {
  const kernels::TransformShape& shape = kernels::shape_of(transform_);
  const Shape& kernel = request.inputs[0].shape;
  const WeightSlicesLayout to{shape.slices, kernel[2], kernel[3]};
  const kernels::KernelTable<float>& table = *request.kernels.float_table();
  const base::WeightsLayout from = weights_layout(request.inputs[0], table.channel_block);
  // An item is one input channel of one block.
  Phase phase{"weights", to.blocks() * to.in, false, 0, {}};
  phase.run = [&table, &shape, to, from, transform = transform_](Tensors tensors, const Work& work) {
    const PackedKernel packed{from, tensor<const float>(tensors, 0), false};
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      const std::int64_t block = item / to.in, row = item % to.in;
      packed.to_slices(table, transform, {0, shape.groups}, row, 1, to.first_channel(block), to.width(block),
                       to.group_at(tensor<float>(tensors, 1), block, 0).at_row(row));
    }
  };
  return Step{"", {std::move(phase)}};
}

}  // namespace tilewise::ops
