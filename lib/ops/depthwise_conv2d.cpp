#include "ops/depthwise_conv2d.hpp"

#include "ops/depthwise_sweep.hpp"
#include "ops/flops.hpp"
#include "ops/image.hpp"
#include "ops/region_gradient.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// The kernel that is given, if it fits: with some filters of each channel of the image.
TensorSpec kernel_spec(const Op& op, const Window2D& window, const TensorSpec& image, const TensorSpec& given) {
  const std::int64_t channels = image.shape[2];
  const bool has_filters = given.shape.rank() == 3 && channels > 0 && given.shape[2] > channels;
  const Shape kernel{window.size.height, window.size.width,
                     has_filters ? given.shape[2] - given.shape[2] % channels : channels};
  expect_filled(op, kernel);
  return {kernel, Storage::packed};
}

TensorSpec result_spec(const Window2D& window, const TensorSpec& image, const TensorSpec& kernel) {
  return image_spec(window.out(extent_of(image)), kernel.shape[2]);
}

}  // namespace

std::vector<TensorSpec> DepthwiseConv2D::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("depthwise_conv2d: expected image, kernel and bias");
  expect_image(*this, inputs[0]);
  const TensorSpec kernel = kernel_spec(*this, window_, inputs[0], inputs[1]);
  const TensorSpec result = result_spec(window_, inputs[0], kernel);
  expect_inputs(*this, inputs,
                {inputs[0], kernel, is_absent(inputs[2]) ? inputs[2] : TensorSpec{{kernel.shape[2]}, Storage::packed}});
  return {result};
}

std::vector<ValueId> DepthwiseConv2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (activation_ != kernels::Activation::none)
    throw ArgumentError("depthwise_conv2d: a fused convolution is not differentiated");
  return graph.emit(std::make_shared<DepthwiseConv2DBackward>(window_),
                    {request.output_gradients[0], request.inputs[0], request.inputs[1]});
}

Step DepthwiseConv2D::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[0]), out = window_.out(in);
  const std::int64_t channels = request.outputs[0].shape[2];
  const DepthwiseSweep sweep{SweepAxis::forward(in.height, out.height, window_.size.height, window_.stride.height,
                                                window_.dilation.height, window_.padding.top, 1, 1),
                             SweepAxis::forward(in.width, out.width, window_.size.width, window_.stride.width,
                                                window_.dilation.width, window_.padding.left, 1, 1),
                             in,
                             window_.size,
                             channels,
                             false,
                             activation_,
                             1,
                             channels / request.inputs[0].shape[2]};
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"forward", sweep.items(table.channel_block), true, 0, {}};
    phase.run = [&table, sweep](Tensors tensors, const Work& work) {
      sweep.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 1), tensor<const T>(tensors, 2),
                tensor<T>(tensors, 3), work);
    };
    return Step{"depthwise", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> DepthwiseConv2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("depthwise_conv2d_backward: expected out_gradient, image and kernel");
  expect_image(*this, inputs[1]);
  const TensorSpec kernel = kernel_spec(*this, window_, inputs[1], inputs[2]);
  expect_inputs(*this, inputs, {result_spec(window_, inputs[1], kernel), inputs[1], kernel});
  return {inputs[1], kernel, {{kernel.shape[2]}, Storage::packed}};
}

Step DepthwiseConv2DBackward::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[1]), out = window_.out(in);
  const std::int64_t channels = request.inputs[0].shape[2], in_channels = request.inputs[1].shape[2];
  const DepthwiseSweep sweep{SweepAxis::backward(in.height, out.height, window_.size.height, window_.stride.height,
                                                 window_.dilation.height, window_.padding.top),
                             SweepAxis::backward(in.width, out.width, window_.size.width, window_.stride.width,
                                                 window_.dilation.width, window_.padding.left),
                             out,
                             window_.size,
                             channels,
                             true,
                             kernels::Activation::none,
                             1,
                             channels / in_channels};
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{"depthwise", {}, {}};
    if (request.wanted[0])
      step.phases.push_back({"data", sweep.items(table.channel_block), true, sweep.scratch_bytes(sizeof(T)),
                             [&table, sweep](Tensors tensors, const Work& work) {
                               sweep.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 2),
                                         static_cast<const T*>(nullptr), tensor<T>(tensors, 3), work);
                             }});
    if (request.wanted[1] || request.wanted[2])
      RegionGradient::depthwise(window_, in, in_channels, channels / in_channels)
          .lower(table, request.wanted[1], request.wanted[2], step);
    return step;
  });
}

double DepthwiseConv2D::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(request.outputs[0]), request.inputs[1].shape);
}

double DepthwiseConv2DBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(request.inputs[0]), request.inputs[2].shape, wanted_passes(request));
}

}  // namespace tilewise::ops
