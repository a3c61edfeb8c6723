#include "ops/conv2d_transpose.hpp"

#include "ops/conv_algorithm.hpp"
#include "ops/conv_sweep.hpp"
#include "ops/conv_weights_gradient.hpp"
#include "ops/flops.hpp"
#include "ops/image.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

TensorSpec packed_spec(const Shape& shape) {
  return {shape, Storage::packed};
}

/// Throws unless `kernel` is one of this window that reads `in_channels`.
void expect_kernel(const Op& op, const Window2D& window, std::int64_t in_channels, const Shape& kernel) {
  if (kernel.rank() != 4 || kernel[0] != window.size.height || kernel[1] != window.size.width ||
      kernel[3] != in_channels || kernel.elements() == 0)
    throw ShapeError(std::string(op.kind()) + ": the kernel is " + kernel.to_string() + "; expected " +
                     std::to_string(window.size.height) + " x " + std::to_string(window.size.width) + " x out x " +
                     std::to_string(in_channels) + ", none of them 0");
}

/// Of an image of `in`, as what backward-data makes it from: a result of extent `out`.
ConvSweep stamping_sweep(const Window2D& window, Extent2D in, Extent2D out, std::int64_t in_channels,
                         std::int64_t out_channels, kernels::Activation activation) {
  return {SweepAxis::backward(out.height, in.height, window.size.height, window.stride.height, window.dilation.height,
                              window.padding.top),
          SweepAxis::backward(out.width, in.width, window.size.width, window.stride.width, window.dilation.width,
                              window.padding.left),
          in,
          window.size,
          in_channels,
          out_channels,
          1,
          activation};
}

/// The convolution that turns a result's gradient of extent `out` into an image's of extent `in`.
ConvSweep gathering_sweep(const Window2D& window, Extent2D in, Extent2D out, std::int64_t in_channels,
                          std::int64_t out_channels) {
  return {SweepAxis::forward(out.height, in.height, window.size.height, window.stride.height, window.dilation.height,
                             window.padding.top, 1, 1),
          SweepAxis::forward(out.width, in.width, window.size.width, window.stride.width, window.dilation.width,
                             window.padding.left, 1, 1),
          out,
          window.size,
          out_channels,
          in_channels};
}

}  // namespace

std::vector<TensorSpec> Conv2DTranspose::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 4) throw ShapeError("conv2d_transpose: expected image, kernel, transposed kernel and bias");
  expect_image(*this, inputs[0]);
  const std::int64_t in_channels = inputs[0].shape[2];
  const Shape& kernel = inputs[1].shape;
  expect_kernel(*this, window_, in_channels, kernel);
  expect_inputs(*this, inputs,
                {inputs[0], packed_spec(kernel), packed_spec({kernel[0], kernel[1], in_channels, kernel[2]}),
                 is_absent(inputs[3]) ? inputs[3] : packed_spec({kernel[2]})});
  return {image_spec(window_.transposed_out(extent_of(inputs[0]), output_padding_), kernel[2])};
}

std::vector<ValueId> Conv2DTranspose::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (activation_ != kernels::Activation::none)
    throw ArgumentError("conv2d_transpose: a fused convolution is not differentiated");
  const std::vector<ValueId> gradients =
      graph.emit(std::make_shared<Conv2DTransposeBackward>(window_, output_padding_),
                 {request.output_gradients[0], request.inputs[0], request.inputs[1]});
  // The transposed kernel is the kernel in another order, and all of the gradient is the kernel's.
  return {gradients[0], gradients[1], no_value, gradients[2]};
}

Step Conv2DTranspose::lower(const LowerRequest& request) const {
  const ConvSweep sweep = stamping_sweep(window_, extent_of(request.inputs[0]), extent_of(request.outputs[0]),
                                         request.inputs[0].shape[2], request.outputs[0].shape[2], activation_);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{algorithm_name(conv_algorithm(1, sweep.in_channels, sweep.out_channels), request.kernels),
                {sweep.phase("forward", table, {.in = 0, .weights = 2, .out = 4, .bias = 3})},
                {}};
  });
}

std::vector<TensorSpec> Conv2DTransposeBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("conv2d_transpose_backward: expected out_gradient, image and kernel");
  expect_image(*this, inputs[1]);
  const Shape& kernel = inputs[2].shape;
  expect_kernel(*this, window_, inputs[1].shape[2], kernel);
  const Extent2D out = window_.transposed_out(extent_of(inputs[1]), output_padding_);
  expect_inputs(*this, inputs, {image_spec(out, kernel[2]), inputs[1], packed_spec(kernel)});
  return {inputs[1], packed_spec(kernel), packed_spec({kernel[2]})};
}

Step Conv2DTransposeBackward::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[1]), out = extent_of(request.inputs[0]);
  const std::int64_t in_channels = request.inputs[1].shape[2], out_channels = request.inputs[0].shape[2];
  const ConvSweep sweep = gathering_sweep(window_, in, out, in_channels, out_channels);
  const ConvWeightsGradient weights{window_, out, in, out_channels, in_channels};
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{algorithm_name(conv_algorithm(1, out_channels, in_channels), request.kernels), {}, {}};
    if (request.wanted[0]) step.phases.push_back(sweep.phase("data", table, {.in = 0, .weights = 2, .out = 3}));
    if (request.wanted[1])
      step.phases.push_back({"weights", weights.items(table.channel_block), false, 0,
                             [&table, weights](Tensors tensors, const Work& work) {
                               weights.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 1),
                                           tensor<T>(tensors, 4), static_cast<T*>(nullptr), work);
                             }});
    if (request.wanted[2]) {
      const base::WeightsLayout layout{1, 1, out_channels, table.channel_block};
      step.phases.push_back({"bias", layout.blocks(), false, 0,
                             [&table, layout, places = out.height * out.width](Tensors tensors, const Work& work) {
                               for (std::int64_t block = work.item_begin; block < work.item_end; ++block)
                                 sum_bias_gradient(table, tensor<const T>(tensors, 0), work.batch * places, layout,
                                                   block, tensor<T>(tensors, 5), false);
                             }});
    }
    return step;
  });
}

double Conv2DTranspose::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(request.inputs[0]), request.inputs[1].shape);
}

double Conv2DTransposeBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(request.inputs[1]), request.inputs[2].shape, wanted_passes(request));
}

}  // namespace tilewise::ops
