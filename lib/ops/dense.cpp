#include "ops/dense.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "ops/conv_weights_gradient.hpp"
#include "ops/dense_weights_gradient.hpp"
#include "ops/flops.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// Samples of one item.
constexpr std::int64_t group_samples = 8;
/// Summands before the next block of outputs, so that their weights serve all samples from the nearest caches.
constexpr std::int64_t depth_block = 784;

/// y = activation(x * weights + bias) with conv_tile's 1x1 case, for samples x blocks of outputs.
struct DenseProduct {
  std::int64_t in, out;
  kernels::Activation activation;

  std::int64_t groups(std::int64_t batch) const noexcept { return base::ceil_div(batch, group_samples); }
  std::int64_t depth_end(std::int64_t depth) const noexcept { return std::min(depth + depth_block, in); }

  /// Item = (block of outputs, group of samples); there are items for a full `max_batch`.
  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* x, const T* weights, const T* bias, T* y,
           std::int64_t max_batch, const Work& work) const {
    if (work.item_begin == work.item_end) return;
    const std::int64_t block_size = table.channel_block, block_groups = groups(max_batch);
    const std::int64_t first_block = work.item_begin / block_groups;
    const std::int64_t end_block = base::ceil_div(work.item_end, block_groups);
    const kernels::ConvTaps whole{0, 0, 1, 1};
    kernels::ConvTileArgs<T> args{};
    args.positions = &whole;
    args.position_count = 1;
    args.in_step = in;
    args.out_step = out;
    // The weights of this call are what the last one asked for ahead.
    const auto advance_to = [&](std::int64_t block, std::int64_t depth) {
      args.weights = args.ahead;
      args.ahead = depth < in ? weights + (block * in + depth) * block_size : nullptr;
      args.ahead_count = (depth_end(depth) - depth) * block_size;
    };
    advance_to(first_block, 0);
    for (std::int64_t depth = 0; depth < in; depth = depth_end(depth)) {
      args.accumulate = depth > 0;
      args.in_channels = depth_end(depth) - depth;
      args.activation = depth_end(depth) == in ? activation : kernels::Activation::none;
      for (std::int64_t block = first_block; block < end_block; ++block) {
        const std::int64_t items = block * block_groups;  // those of the blocks before
        const std::int64_t first = std::max(work.item_begin - items, std::int64_t{0}) * group_samples;
        args.count = std::min(work.batch, std::min(work.item_end - items, block_groups) * group_samples) - first;
        if (block + 1 < end_block)
          advance_to(block + 1, depth);
        else
          advance_to(first_block, depth_end(depth));
        if (args.count <= 0) continue;
        args.in = x + first * in + depth;
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
    return {name,
            base::ceil_div(out, table.channel_block) * groups(batch),
            false,
            0,
            [&table, product = *this, batch, x, weights, bias, y](Tensors tensors, const Work& work) {
              product.run(table, tensor<const T>(tensors, x), tensor<const T>(tensors, weights),
                          bias == no_bias ? nullptr : tensor<const T>(tensors, bias), tensor<T>(tensors, y), batch,
                          work);
            },
            std::max(groups(batch), std::int64_t{1})};
  }
  static constexpr std::size_t no_bias = ~std::size_t{0};
};

/// x_gradient = out_gradient * transposed weights, as the transposed product: conv_tile's places are input features,
/// whose weights lie as they are packed, and its output channels are samples. So out_gradient and the result are
/// transposed, and not the larger weights. Items: (slice of inputs) x (block of samples), so that the slice's weights
/// stay near for all samples; each sums all outputs in order.
struct DenseDataGradient {
  std::int64_t in, out, max_batch;
  std::int64_t block_size, slice_features;

  DenseDataGradient(std::int64_t in, std::int64_t out, std::int64_t max_batch, std::int64_t block_size,
                    std::int64_t tile_rows)
      : in(in),
        out(out),
        max_batch(max_batch),
        block_size(block_size),
        slice_features(dense_slice_features(tile_rows)) {}

  std::int64_t sample_blocks() const noexcept { return base::ceil_div(max_batch, block_size); }
  std::int64_t items() const noexcept { return base::ceil_div(in, slice_features) * sample_blocks(); }
  // Scratch: what an item makes, and out_gradient in blocks of samples, all transposed.
  std::int64_t scratch_elements() const {
    return base::checked_mul(base::checked_add(slice_features, base::checked_mul(sample_blocks(), out)), block_size);
  }

  template <class T>
  void run(const kernels::KernelTable<T>& table, const T* out_gradient, const T* weights, T* x_gradient,
           const Work& work) const {
    if (work.item_begin == work.item_end) return;
    T* const result = reinterpret_cast<T*>(work.scratch);
    T* const gradients = result + slice_features * block_size;
    const auto samples_from = [&](std::int64_t sample) { return std::min(block_size, work.batch - sample); };
    for (std::int64_t sample = 0; sample < work.batch; sample += block_size)
      table.transpose(
          {out_gradient + sample * out, gradients + sample * out, out, block_size, samples_from(sample), out});
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      const std::int64_t sample = item % sample_blocks() * block_size;
      if (sample >= work.batch) continue;
      const std::int64_t feature = item / sample_blocks() * slice_features;
      const std::int64_t features = std::min(slice_features, in - feature), samples = samples_from(sample);
      multiply(table, weights, feature, features, gradients + sample * out, samples, result);
      table.transpose({result, x_gradient + sample * in + feature, block_size, in, features, samples});
    }
  }

 private:
  /// The whole blocks of outputs, then what is left of the last one, whose filling is not read. Meanwhile the weights
  /// of the next slice come near.
  template <class T>
  void multiply(const kernels::KernelTable<T>& table, const T* weights, std::int64_t feature, std::int64_t features,
                const T* gradient, std::int64_t samples, T* result) const {
    const auto whole_blocks = static_cast<std::int32_t>(out / block_size);
    kernels::ConvTileArgs<T> args{};
    args.in_step = args.out_step = block_size;
    args.in_column = in * block_size;
    args.weights_column = block_size * block_size;
    args.out = result;
    args.count = features;
    args.position_count = 1;
    args.out_channels = static_cast<std::int32_t>(samples);
    args.ahead_count = std::min(features, in - feature - features) * block_size;
    args.ahead_column = args.in_column;
    const auto sum = [&](std::int32_t first_block, std::int32_t blocks, std::int64_t outputs) {
      const kernels::ConvTaps taps{0, 0, 1, blocks};
      args.in = weights + first_block * args.in_column + feature * block_size;
      args.ahead = args.ahead_count > 0 ? args.in + features * block_size : nullptr;
      args.weights = gradient + first_block * args.weights_column;
      args.positions = &taps;
      args.in_channels = outputs;
      args.accumulate = first_block > 0;
      table.conv_tile(args);
    };
    if (whole_blocks > 0) sum(0, whole_blocks, block_size);
    if (out % block_size > 0) sum(whole_blocks, 1, out % block_size);
  }
};

/// Items: those of DenseWeightsGradient, then blocks of the bias gradient; each of these sums all samples in order.
template <class T>
void run_parameter_gradients(const kernels::KernelTable<T>& table, const DenseWeightsGradient& weights, const T* x,
                             const T* out_gradient, T* weights_gradient, T* bias_gradient, const Work& work) {
  const std::int64_t end = weights_gradient ? std::min(work.item_end, weights.items()) : 0;
  for (std::int64_t item = work.item_begin; item < end; ++item)
    weights.run(table, x, out_gradient, work.batch, item, weights_gradient + weights.begin(item));
  for (std::int64_t item = std::max(work.item_begin, weights.items()); bias_gradient && item < work.item_end; ++item)
    sum_bias_gradient(table, out_gradient, work.batch,
                      base::WeightsLayout{1, weights.in, weights.out, weights.block_size}, item - weights.items(),
                      bias_gradient, false);
}

}  // namespace

void expect_vector(const Op& op, const TensorSpec& spec) {
  if (spec.shape.rank() != 1 || spec.storage != Storage::batched || spec.element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": the input is " + to_string(spec) +
                     "; expected a batch of vectors (flatten first)");
}

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
  return graph.emit(std::make_shared<DenseBackward>(),
                    {request.output_gradients[0], request.inputs[0], request.wanted[0] ? request.inputs[1] : no_value});
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
  if (inputs.size() != 3) throw ShapeError("dense_backward: expected out_gradient, input and kernel");
  expect_vector(*this, inputs[0]);
  expect_vector(*this, inputs[1]);
  const std::int64_t in = inputs[1].shape[0], out = inputs[0].shape[0];
  expect_filled(*this, {in, out});
  expect_inputs(*this, inputs,
                {inputs[0], inputs[1], is_absent(inputs[2]) ? inputs[2] : TensorSpec{{in, out}, Storage::packed}});
  return {inputs[1], {{in, out}, Storage::packed}, {{out}, Storage::packed}};
}

Step DenseBackward::lower(const LowerRequest& request) const {
  const std::int64_t in = request.inputs[1].shape[0], out = request.inputs[0].shape[0];
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Step step{"product", {}, {}};
    if (request.wanted[0]) {
      const DenseDataGradient data(in, out, request.batch, table.channel_block, table.tile_places);
      step.phases.push_back({"data", data.items(), false, base::checked_mul(data.scratch_elements(), sizeof(T)),
                             [&table, data](Tensors tensors, const Work& work) {
                               data.run(table, tensor<const T>(tensors, 0), tensor<const T>(tensors, 2),
                                        tensor<T>(tensors, 3), work);
                             }});
    }
    if (request.wanted[1] || request.wanted[2]) {
      const DenseWeightsGradient weights(in, out, table.channel_block, table.tile_places);
      step.phases.push_back({"weights", weights.items() + weights.blocks(), false, 0,
                             [&table, weights](Tensors tensors, const Work& work) {
                               run_parameter_gradients(table, weights, tensor<const T>(tensors, 1),
                                                       tensor<const T>(tensors, 0), tensor<T>(tensors, 4),
                                                       tensor<T>(tensors, 5), work);
                             }});
    }
    return step;
  });
}

double Dense::flops(const LowerRequest& request) const {
  return conv_flops(request, {1, 1}, request.inputs[1].shape);
}

double DenseBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, {1, 1}, {request.inputs[1].shape[0], request.inputs[0].shape[0]}, wanted_passes(request));
}

}  // namespace tilewise::ops
