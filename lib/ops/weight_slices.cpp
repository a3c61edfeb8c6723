#include "ops/image.hpp"
#include "ops/transform_conv2d.hpp"

namespace tilewise::ops {

std::vector<TensorSpec> WeightSlices::infer(const std::vector<TensorSpec>& inputs) const {
  const Shape& kernel = inputs[0].shape;
  expect_inputs(*this, inputs, {{{3, 3, kernel[2], kernel[3]}, Storage::packed}});
  const WeightSlicesLayout layout(kernels::shape_of(transform_), kernel[2], kernel[3]);
  return {{{layout.elements()}, Storage::plain}};
}

Step WeightSlices::lower(const LowerRequest& request) const {
  const Shape& kernel = request.inputs[0].shape;
  const WeightSlicesLayout to(kernels::shape_of(transform_), kernel[2], kernel[3]);
  const kernels::KernelTable<float>& table = *request.kernels.float_table();
  const base::WeightsLayout from = weights_layout(request.inputs[0], table.channel_block);
  // An item is one input channel of one block.
  Phase phase{"weights", to.blocks() * to.in, false, 0, {}};
  phase.run = [&table, to, from, transform = transform_, transposed = transposed_](Tensors tensors, const Work& work) {
    kernels::WeightSlicesArgs<float> args{};
    const std::int64_t tap = from.in * from.block;
    args.tap_column = transposed ? -tap : tap;
    args.tap_row = 3 * args.tap_column;
    args.taps_row = from.block;
    args.rows = 1;
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      const std::int64_t block = item / to.in, row = item % to.in;
      args.slice_step = to.slice_step(block);
      args.slices_row = to.width(block);
      for (std::int64_t channel = 0; channel < to.width(block); channel += args.channels) {
        args.channels = std::min(from.block, to.width(block) - channel);
        // Nothing is written there; the adjoint would.
        args.taps = const_cast<float*>(tensor<const float>(tensors, 0)) +
                    from.position(to.first_channel(block) + channel) + row * from.block + (transposed ? 8 * tap : 0);
        args.slices = tensor<float>(tensors, 1) + to.begin(block) + row * to.width(block) + channel;
        table.of(transform).weight_slices(args);
      }
    }
  };
  return Step{"", {std::move(phase)}};
}

}  // namespace tilewise::ops
