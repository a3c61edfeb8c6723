#include "ops/dense.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "ops/conv_weights_gradient.hpp"
#include "ops/transpose_weights.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// Samples of one item.
constexpr std::int64_t group_samples = 8;
/// Summands before the next block of outputs, so that their weights serve all samples from the nearest caches.
constexpr std::int64_t depth_block = 392;
/// Input features of one item of backward-weights.
constexpr std::int64_t slice_features = 64;

/// y = activation(x * weights + bias) with conv_tile's 1x1 case, for samples x blocks of outputs.
struct DenseProduct {
  std::int64_t in, out;
  kernels::Activation activation;

  std::int64_t groups(std::int64_t batch) const noexcept { return base::ceil_div(batch, group_samples); }

  /// Item = (block of outputs, group of samples); there are items for a full `max_batch`.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* x, const T* weights, const T* bias, T* y,
           std::int64_t max_batch, const Work& work) const {
    const std::int64_t block_size = table.channel_block;
    const kernels::ConvTaps whole{0, 0, 1, 1};
    kernels::ConvTileArgs<T> args{};
    args.positions = &whole;
    args.position_count = 1;
    args.in_step = in;
    args.out_step = out;
    for (std::int64_t depth = 0; depth < in; depth += depth_block) {
      args.accumulate = depth > 0;
      args.in_channels = std::min(depth_block, in - depth);
      args.activation = depth + depth_block >= in ? activation : kernels::Activation::none;
      for (std::int64_t item = work.item_begin; item < work.item_end;) {
        const std::int64_t block = item / groups(max_batch), group = item % groups(max_batch);
        const std::int64_t end = std::min(work.item_end, (block + 1) * groups(max_batch));
        const std::int64_t first = group * group_samples;
        args.count = std::min(work.batch, (end - block * groups(max_batch)) * group_samples) - first;
        item = end;
        if (args.count <= 0) continue;
        args.in = x + first * in + depth;
        args.weights = weights + block * in * block_size + depth * block_size;
        args.bias = bias ? bias + block * block_size : nullptr;
        args.out = y + first * out + block * block_size;
        args.out_channels = static_cast<std::int32_t>(std::min(block_size, out - block * block_size));
        table.conv_tile(args);
      }
    }
  }

  /// The phase that runs it on the tensors x, weights, y, bias (no_bias: none) of a step.
  template <class T>
  Phase phase(const std::string& name, const kernels::KernelTable<T>& table, std::int64_t batch, std::size_t x,
              std::size_t weights, std::size_t bias, std::size_t y) const {
    return {name, base::ceil_div(out, table.channel_block) * groups(batch), false, 0,
            [&table, product = *this, batch, x, weights, bias, y](Tensors tensors, const Work& work) {
              product.run(table, tensor<const T>(tensors, x), tensor<const T>(tensors, weights),
                          bias == no_bias ? nullptr : tensor<const T>(tensors, bias), tensor<T>(tensors, y), batch,
                          work);
            }};
  }
  static constexpr std::size_t no_bias = ~std::size_t{0};
};

/// Items: (block of outputs) x (slice of inputs), then blocks of the bias gradient; each sums all samples in order.
struct DenseWeightsGradient {
  std::int64_t in, out;

  std::int64_t weight_items(std::int64_t block_size) const noexcept {
    return base::ceil_div(out, block_size) * base::ceil_div(in, slice_features);
  }

  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* x, const T* out_gradient, T* weights_gradient,
           T* bias_gradient, const Work& work) const {
    const std::int64_t block_size = table.channel_block, slices = base::ceil_div(in, slice_features);
    kernels::ConvWeightsTileArgs<T> args{};
    args.images = work.batch;
    args.rows = args.columns = 1;
    args.in_image = in;
    args.out_image = out;
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      if (item >= weight_items(block_size)) {
        if (bias_gradient)
          sum_bias_gradient(table, out_gradient, work.batch, base::WeightsLayout{1, in, out, block_size},
                            item - weight_items(block_size), bias_gradient, false);
        continue;
      }
      if (!weights_gradient) continue;
      const std::int64_t block = item / slices, feature = item % slices * slice_features;
      args.in = x + feature;
      args.out_gradient = out_gradient + block * block_size;
      args.weights_gradient = weights_gradient + (block * in + feature) * block_size;
      args.in_channels = std::min(slice_features, in - feature);
      args.out_channels = static_cast<std::int32_t>(std::min(block_size, out - block * block_size));
      table.conv_weights_tile(args);
    }
  }
};

void expect_vector(const Op& op, const TensorSpec& spec) {
  if (spec.shape.rank() != 1 || spec.storage != Storage::batched || spec.element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": the input is " + to_string(spec) +
                     "; expected a batch of vectors (flatten first)");
}

}  // namespace

std::vector<TensorSpec> Dense::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("dense: expected input, kernel and bias");
  expect_vector(*this, inputs[0]);
  if (inputs[1].shape.rank() != 2)
    throw ShapeError("dense: the kernel is " + inputs[1].shape.to_string() + "; expected in x out");
  const std::int64_t out = inputs[1].shape[1];
  expect_filled(*this, inputs[1].shape);
  expect_inputs(*this, inputs,
                {inputs[0],
                 {{inputs[0].shape[0], out}, Storage::packed},
                 is_absent(inputs[2]) ? inputs[2] : TensorSpec{{out}, Storage::packed}});
  return {{{out}}};
}

std::vector<ValueId> Dense::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (activation_ != kernels::Activation::none) throw ArgumentError("dense: a fused layer is not differentiated");
  const ValueId transposed =
      request.wanted[0] ? graph.emit(std::make_shared<TransposeWeights>(), {request.inputs[1]})[0] : no_value;
  return graph.emit(std::make_shared<DenseBackward>(), {request.output_gradients[0], request.inputs[0], transposed});
}

Step Dense::lower(const LowerRequest& request) const {
  const DenseProduct product{request.inputs[1].shape[0], request.inputs[1].shape[1], activation_};
  return request.kernels.visit([&](const auto& table) {
    return Step{"product",
                {product.phase("forward", table, request.batch, 0, 1,
                               is_absent(request.inputs[2]) ? DenseProduct::no_bias : 2, 3)},
                {}};
  });
}

std::vector<TensorSpec> DenseBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("dense_backward: expected out_gradient, input and transposed kernel");
  expect_vector(*this, inputs[0]);
  expect_vector(*this, inputs[1]);
  const std::int64_t in = inputs[1].shape[0], out = inputs[0].shape[0];
  expect_filled(*this, {in, out});
  expect_inputs(*this, inputs,
                {inputs[0], inputs[1], is_absent(inputs[2]) ? inputs[2] : TensorSpec{{out, in}, Storage::packed}});
  return {inputs[1], {{in, out}, Storage::packed}, {{out}, Storage::packed}};
}

Step DenseBackward::lower(const LowerRequest& request) const {
  const std::int64_t in = request.inputs[1].shape[0], out = request.inputs[0].shape[0];
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{"product", {}, {}};
    if (request.wanted[0]) {
      const DenseProduct product{out, in, kernels::Activation::none};
      step.phases.push_back(product.phase("data", table, request.batch, 0, 2, DenseProduct::no_bias, 3));
    }
    if (request.wanted[1] || request.wanted[2]) {
      const DenseWeightsGradient weights{in, out};
      step.phases.push_back({"weights",
                             weights.weight_items(table.channel_block) + base::ceil_div(out, table.channel_block),
                             false, 0, [&table, weights](Tensors tensors, const Work& work) {
                               weights.run(table, tensor<const T>(tensors, 1), tensor<const T>(tensors, 0),
                                           tensor<T>(tensors, 4), tensor<T>(tensors, 5), work);
                             }});
    }
    return step;
  });
}

}  // namespace tilewise::ops
