#include "ops/depthwise_conv2d.hpp"

#include "ops/depthwise_sweep.hpp"
#include "ops/image.hpp"
#include "ops/region_gradient.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

TensorSpec kernel_spec(const Op& op, const Window2D& window, std::int64_t channels) {
  const Shape kernel{window.size.height, window.size.width, channels};
  expect_filled(op, kernel);
  return {kernel, Storage::packed};
}

TensorSpec result_spec(const Window2D& window, const TensorSpec& image) {
  return image_spec(window.out(extent_of(image)), image.shape[2]);
}

}  // namespace

std::vector<TensorSpec> DepthwiseConv2D::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("depthwise_conv2d: expected image, kernel and bias");
  expect_image(*this, inputs[0]);
  const TensorSpec result = result_spec(window_, inputs[0]);
  const std::int64_t channels = inputs[0].shape[2];
  expect_inputs(*this, inputs,
                {inputs[0], kernel_spec(*this, window_, channels),
                 is_absent(inputs[2]) ? inputs[2] : TensorSpec{{channels}, Storage::packed}});
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
  const DepthwiseSweep sweep{SweepAxis::forward(in.height, out.height, window_.size.height, window_.stride.height,
                                                window_.dilation.height, window_.padding.top, 1, 1),
                             SweepAxis::forward(in.width, out.width, window_.size.width, window_.stride.width,
                                                window_.dilation.width, window_.padding.left, 1, 1),
                             in,
                             window_.size,
                             request.inputs[0].shape[2],
                             false,
                             activation_};
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
  const TensorSpec result = result_spec(window_, inputs[1]);
  const std::int64_t channels = inputs[1].shape[2];
  const TensorSpec kernel = kernel_spec(*this, window_, channels);
  expect_inputs(*this, inputs, {result, inputs[1], kernel});
  return {inputs[1], kernel, {{channels}, Storage::packed}};
}

Step DepthwiseConv2DBackward::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[1]), out = window_.out(in);
  const std::int64_t channels = request.inputs[1].shape[2];
  const DepthwiseSweep sweep{SweepAxis::backward(in.height, out.height, window_.size.height, window_.stride.height,
                                                 window_.dilation.height, window_.padding.top),
                             SweepAxis::backward(in.width, out.width, window_.size.width, window_.stride.width,
                                                 window_.dilation.width, window_.padding.left),
                             out,
                             window_.size,
                             channels,
                             true};
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{"depthwise", {}, {}};
    if (request.wanted[0])
      step.phases.push_back(
          {"data", sweep.items(table.channel_block), true, 0, [&table, sweep](Tensors tensors, const Work& work) {
             sweep.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 2), static_cast<const T*>(nullptr),
                       tensor<T>(tensors, 3), work);
           }});
    if (request.wanted[1] || request.wanted[2])
      RegionGradient::depthwise(window_, in, channels).lower(table, request.wanted[1], request.wanted[2], step);
    return step;
  });
}

}  // namespace tilewise::ops
