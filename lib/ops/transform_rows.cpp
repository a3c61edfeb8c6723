#include "ops/transform_rows.hpp"

#include "ops/image.hpp"

namespace tilewise::ops {

namespace {
constexpr auto in = TransformConv::Side::in;
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
  Phase phase{"rows", base::ceil_div(request.inputs[0].shape[2], kernels::transform_channels), true, 0, {}};
  phase.run = [conv = conv_of(request.inputs[0]), table = request.kernels.float_table()](Tensors tensors,
                                                                                         const Work& work) {
    conv.for_each_image(in, work, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      const float* const image = tensor<const float>(tensors, 0) + i * conv.image_elements(in);
      conv.to_half(*table, in, conv.map_of(in, image, first), first, count,
                   tensor<float>(tensors, 1) + i * conv.half_elements(in));
    });
  };
  return Step{conv_of(request.inputs[0]).shape().name, {std::move(phase)}};
}

}  // namespace tilewise::ops
