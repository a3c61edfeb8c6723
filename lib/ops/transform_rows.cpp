#include "ops/transform_rows.hpp"

#include "ops/image.hpp"

namespace tilewise::ops {

namespace {
constexpr auto in = TransformConv::Side::in;
}

Phase transform_rows_phase(const TransformConv& conv, const kernels::KernelTable<float>& table, std::size_t image,
                           std::size_t half) {
  Phase phase{"rows", filled(conv.channels(in)) / kernels::transform_channels, true, 0, {}};
  phase.run = [conv, &table, image, half](Tensors tensors, const Work& work) {
    conv.for_each_image(in, work, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      const float* const from = tensor<const float>(tensors, image) + i * conv.image_elements(in);
      conv.to_half(table, in, conv.map_of(in, from, first), first, count,
                   tensor<float>(tensors, half) + i * conv.half_elements(in));
    });
  };
  return phase;
}

TransformConv TransformRows::conv_of(const TensorSpec& image) const {
  // Nothing here depends on the output's channels.
  return {transform_, window_, extent_of(image), image.shape[2], 1};
}

std::vector<TensorSpec> TransformRows::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 1);
  expect_image(*this, inputs[0]);
  return {{{conv_of(inputs[0]).half_elements(in, 1)}, Storage::batched}};
}

Step TransformRows::lower(const LowerRequest& request) const {
  const TransformConv conv = conv_of(request.inputs[0]);
  return Step{conv.shape().name, {transform_rows_phase(conv, *request.kernels.float_table(), 0, 1)}};
}

}  // namespace tilewise::ops
