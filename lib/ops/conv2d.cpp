#include "ops/conv2d.hpp"

#include "ops/conv3x3_pool.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/conv_sweep.hpp"
#include "ops/conv_weights_gradient.hpp"
#include "ops/depthwise_sweep.hpp"
#include "ops/flops.hpp"
#include "ops/image.hpp"
#include "ops/region_gradient.hpp"
#include "ops/small_groups.hpp"
#include "ops/transpose_weights.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

TensorSpec packed_spec(const Shape& shape, std::int64_t groups) {
  return {shape, Storage::packed, Element::scalar, groups};
}

void expect_groups(const Op& op, std::int64_t groups, std::int64_t in_channels, std::int64_t out_channels) {
  if (groups < 1 || in_channels % groups != 0 || out_channels % groups != 0)
    throw ShapeError(std::string(op.kind()) + ": " + std::to_string(groups) + " groups of " +
                     std::to_string(in_channels) + " input and " + std::to_string(out_channels) +
                     " output channels; expected groups that divide both");
}

/// Appends to `step` what computes the tensor `y` from `x` by a convolution of small groups: its weights and bias (or
/// no_bias) packed into a workspace, which becomes the step's last tensor, then `sweep`.
template <class T>
void lower_small_groups(const kernels::KernelTable<T>& table, const char* name, const DepthwiseSweep& sweep,
                        std::size_t x, std::size_t weights, std::size_t bias, std::size_t y, std::size_t tensors_before,
                        Step& step) {
  const SmallGroups groups{sweep.kernel.height * sweep.kernel.width, sweep.group, sweep.channels, table.channel_block};
  const std::size_t close = tensors_before + step.workspace_bytes.size();
  step.workspace_bytes.push_back((groups.weights_elements() + groups.bias_elements()) *
                                 static_cast<std::int64_t>(sizeof(T)));
  step.phases.push_back(groups.packing<T>(weights, bias, close));
  step.phases.push_back(
      {name, sweep.items(table.channel_block), true, 0, [=, &table](Tensors tensors, const Work& work) {
         const T* const close_weights = tensor<const T>(tensors, close);
         const T* const close_bias = bias == SmallGroups::no_bias ? nullptr : close_weights + groups.weights_elements();
         sweep.run(table, tensor<const T>(tensors, x), close_weights, close_bias, tensor<T>(tensors, y), work);
       }});
}

}  // namespace

bool Conv2D::can_pool(const Window2D& pool) noexcept {
  const std::int64_t positions = pool.size.height * pool.size.width;
  return pool.padding == Sides{} && pool.dilation == Extent2D{1, 1} && pool.stride.height >= pool.size.height &&
         pool.stride.width >= pool.size.width && positions > 1 && positions <= kernels::max_u8_positions;
}

std::vector<TensorSpec> Conv2D::infer(const std::vector<TensorSpec>& inputs) const {
  const Window2D& window = attributes_.window;
  if (inputs.size() != 3) throw ShapeError("conv2d: expected image, kernel and bias");
  expect_image(*this, inputs[0]);
  const Shape& kernel = inputs[1].shape;
  if (kernel.rank() != 4)
    throw ShapeError("conv2d: the kernel is " + kernel.to_string() + "; expected height x width x in x out");
  const std::int64_t in_channels = inputs[0].shape[2], groups = attributes_.groups;
  expect_groups(*this, groups, in_channels, kernel[3]);
  expect_inputs(
      *this, inputs,
      {inputs[0], packed_spec({window.size.height, window.size.width, in_channels / groups, kernel[3]}, groups),
       is_absent(inputs[2]) ? inputs[2] : packed_spec({kernel[3]}, groups)});
  expect_filled(*this, kernel);
  const Extent2D out = window.out(extent_of(inputs[0]));
  if (attributes_.pool && !can_pool(*attributes_.pool))
    throw ArgumentError("conv2d: expected a pool of 2 to " + std::to_string(kernels::max_u8_positions) +
                        " positions without padding, dilation or overlap");
  if (attributes_.winograd && !Conv3x3Pool::can_do_winograd(attributes_, in_channels))
    throw ArgumentError("conv2d: expected 3x3 of one channel and 2x2 pools side by side for F(2x2, 3x3)");
  if (!attributes_.pool) return {image_spec(out, kernel[3])};
  TensorSpec index = image_spec(attributes_.pool->out(out), kernel[3]);
  index.element = Element::u8;
  return {image_spec(attributes_.pool->out(out), kernel[3]), index};
}

std::vector<ValueId> Conv2D::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (attributes_.pool || attributes_.activation != kernels::Activation::none)
    throw ArgumentError("conv2d: a fused convolution is not differentiated");
  const ValueId transposed =
      request.wanted[0] ? graph.emit(std::make_shared<TransposeWeights>(), {request.inputs[1]})[0] : no_value;
  return graph.emit(
      std::make_shared<Conv2DBackward>(attributes_.window, graph.spec(request.inputs[1]).shape, attributes_.groups),
      {request.output_gradients[0], request.inputs[0], transposed});
}

Step Conv2D::lower(const LowerRequest& request) const {
  if (Conv3x3Pool::can_do(attributes_, request.inputs[0].shape[2])) return lower_pooled(request);
  const Window2D& window = attributes_.window;
  const Extent2D in = extent_of(request.inputs[0]), out = window.out(in);
  const Window2D pool = attributes_.pool.value_or(Window2D{{1, 1}});
  const ConvSweep sweep{
      SweepAxis::forward(in.height, out.height, window.size.height, window.stride.height, window.dilation.height,
                         window.padding.top, pool.size.height, pool.stride.height),
      SweepAxis::forward(in.width, out.width, window.size.width, window.stride.width, window.dilation.width,
                         window.padding.left, pool.size.width, pool.stride.width),
      in,
      window.size,
      request.inputs[0].shape[2],
      request.inputs[1].shape[3],
      attributes_.groups,
      attributes_.activation};
  const ConvAlgorithm algorithm =
      attributes_.pool ? ConvAlgorithm::tile : conv_algorithm(sweep.groups, sweep.in_channels, sweep.out_channels);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    if (algorithm == ConvAlgorithm::small_groups) {
      Step step{algorithm_name(algorithm, request.kernels), {}, {}};
      lower_small_groups(table, "forward",
                         DepthwiseSweep{sweep.rows, sweep.columns, in, window.size, sweep.in_channels, false,
                                        attributes_.activation, sweep.in_channels / sweep.groups},
                         0, 1, is_absent(request.inputs[2]) ? SmallGroups::no_bias : 2, 3, 4, step);
      return step;
    }
    const bool pooled = sweep.rows.positions * sweep.columns.positions > 1;
    const ConvSweep::Operands operands{
        .in = 0, .weights = 1, .out = 3, .bias = 2, .index = pooled ? std::optional<std::size_t>(4) : std::nullopt};
    return Step{algorithm_name(algorithm, request.kernels), {sweep.phase("forward", table, operands)}, {}};
  });
}

double Conv2D::flops(const LowerRequest& request) const {
  return conv_flops(request, attributes_.window.out(extent_of(request.inputs[0])), request.inputs[1].shape);
}

Step Conv2D::lower_pooled(const LowerRequest& request) const {
  const PooledStrips strips(attributes_.window, *attributes_.pool, extent_of(request.inputs[0]), 1);
  const Conv3x3Pool pooled{strips, request.inputs[1].shape[3], attributes_.activation, attributes_.winograd};
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"forward", pooled.items(), true, pooled.scratch_bytes(sizeof(T)), {}};
    phase.run = [&table, pooled](Tensors tensors, const Work& work) {
      pooled.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 1), tensor<const T>(tensors, 2),
                 tensor<T>(tensors, 3), tensor<std::uint8_t>(tensors, 4), work);
    };
    return Step{pooled.winograd ? "F(2x2, 3x3) pooled" : "direct 3x3 pooled", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> Conv2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("conv2d_backward: expected out_gradient, image and transposed kernel");
  expect_image(*this, inputs[1]);
  expect_filled(*this, kernel_shape_);
  const Extent2D out = window_.out(extent_of(inputs[1]));
  const std::int64_t in_channels = kernel_shape_[2] * groups_;
  expect_groups(*this, groups_, in_channels, kernel_shape_[3]);
  expect_inputs(
      *this, inputs,
      {image_spec(out, kernel_shape_[3]), image_spec(extent_of(inputs[1]), in_channels),
       is_absent(inputs[2])
           ? inputs[2]
           : packed_spec({kernel_shape_[0], kernel_shape_[1], kernel_shape_[3] / groups_, in_channels}, groups_)});
  return {inputs[1], packed_spec(kernel_shape_, groups_), packed_spec({kernel_shape_[3]}, groups_)};
}

Step Conv2DBackward::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[1]), out = window_.out(in);
  const std::int64_t in_channels = kernel_shape_[2] * groups_, out_channels = kernel_shape_[3];
  const ConvSweep sweep{SweepAxis::backward(in.height, out.height, window_.size.height, window_.stride.height,
                                            window_.dilation.height, window_.padding.top),
                        SweepAxis::backward(in.width, out.width, window_.size.width, window_.stride.width,
                                            window_.dilation.width, window_.padding.left),
                        out,
                        window_.size,
                        out_channels,
                        in_channels,
                        groups_};
  const ConvWeightsGradient weights{window_, in, out, in_channels, out_channels, groups_};
  const ConvAlgorithm algorithm = conv_algorithm(groups_, out_channels, in_channels);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{algorithm_name(algorithm, request.kernels), {}, {}};
    if (algorithm == ConvAlgorithm::small_groups) {
      const std::int64_t group = in_channels / groups_;
      if (request.wanted[1] || request.wanted[2])
        RegionGradient::of_small_groups(window_, in, in_channels, group)
            .lower(table, request.wanted[1], request.wanted[2], step);
      // TransposeWeights has reversed the taps, so the sweep counts them as forward does.
      if (request.wanted[0])
        lower_small_groups(table, "data",
                           DepthwiseSweep{sweep.rows, sweep.columns, out, window_.size, in_channels, false,
                                          kernels::Activation::none, group},
                           0, 2, SmallGroups::no_bias, 3, 6, step);
      return step;
    }
    if (request.wanted[0]) step.phases.push_back(sweep.phase("data", table, {.in = 0, .weights = 2, .out = 3}));
    if (!request.wanted[1] && !request.wanted[2]) return step;
    if (RegionGradient::has_few_channels(window_, in_channels, groups_))
      RegionGradient::of_few_channels(window_, in, in_channels, out_channels)
          .lower(table, request.wanted[1], request.wanted[2], step);
    else
      step.phases.push_back({"weights", weights.items(table.channel_block), false, 0,
                             [&table, weights](Tensors tensors, const Work& work) {
                               weights.run(table, tensor<const T>(tensors, 1), tensor<const T>(tensors, 0),
                                           tensor<T>(tensors, 4), tensor<T>(tensors, 5), work);
                             }});
    return step;
  });
}

double Conv2DBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(request.inputs[0]), kernel_shape_, wanted_passes(request));
}

}  // namespace tilewise::ops
