#include "ops/batch_norm.hpp"

#include <algorithm>
#include <cmath>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// Places of one sample, and the channels of each.
struct Places {
  std::int64_t rows, channels;

  explicit Places(const TensorSpec& x)
      : rows(x.shape.elements() / std::max<std::int64_t>(1, x.shape[x.shape.rank() - 1])),
        channels(x.shape[x.shape.rank() - 1]) {}
  std::int64_t image() const noexcept { return rows * channels; }
};

TensorSpec channel_spec(const TensorSpec& x) {
  return {{x.shape[x.shape.rank() - 1]}, Storage::packed};
}

void expect_places(const Op& op, const std::vector<TensorSpec>& inputs, std::size_t count) {
  if (inputs.size() != count || inputs[0].shape.rank() == 0 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected a batch of rank 1 or more and " + std::to_string(count - 1) +
                     " more inputs");
}

TensorSpec if_given(const TensorSpec& given, const TensorSpec& expected) {
  return is_absent(given) ? given : expected;
}

void expect_floats(const Op& op, const LowerRequest& request) {
  if (request.kernels.scalar() == Scalar::i64)
    throw ArgumentError(std::string(op.kind()) + " has no integer form; expected floats");
}

/// 1 / sqrt(variance + epsilon), times gamma where there is one.
template <class T>
T scale_of(const T* gamma, const T* variance, double epsilon, std::int64_t channel) {
  const T scale = T(1) / static_cast<T>(std::sqrt(static_cast<double>(variance[channel]) + epsilon));
  return gamma ? gamma[channel] * scale : scale;
}

/// values / count, the last block's filling zero.
template <class T>
void divide_channels(T* values, std::int64_t channels, std::int64_t count, std::int64_t block) {
  for (std::int64_t n = 0; n < channels; ++n) values[n] /= static_cast<T>(std::max<std::int64_t>(1, count));
  std::fill(values + channels, values + base::round_up(channels, block), T{});
}

/// Bytes of `count` values for each channel.
template <class T>
std::int64_t channel_bytes(std::int64_t count, std::int64_t channels) {
  return base::checked_mul(base::checked_mul(count, channels), static_cast<std::int64_t>(sizeof(T)));
}

}  // namespace

std::vector<TensorSpec> BatchNorm::infer(const std::vector<TensorSpec>& inputs) const {
  expect_places(*this, inputs, 3);
  const TensorSpec channels = channel_spec(inputs[0]);
  expect_inputs(*this, inputs, {inputs[0], if_given(inputs[1], channels), if_given(inputs[2], channels)});
  return {inputs[0], channels, channels};
}

std::vector<ValueId> BatchNorm::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (request.output_gradients[0] == no_value || request.output_gradients[1] != no_value ||
      request.output_gradients[2] != no_value)
    throw ArgumentError("batch_norm: nothing can be differentiated through its mean and variance");
  return graph.emit(
      std::make_shared<BatchNormBackward>(epsilon_),
      {request.output_gradients[0], request.inputs[0], request.inputs[1], request.outputs[1], request.outputs[2]});
}

// Tensors: x, gamma, beta | y, mean, variance | sums of each image, scale, shift.
Step BatchNorm::lower(const LowerRequest& request) const {
  expect_floats(*this, request);
  const Places places(request.inputs[0]);
  return request.kernels.visit([&, epsilon = epsilon_]<class T>(const kernels::KernelTable<T>& table) {
    const std::int64_t block = table.channel_block;
    Step step{"", {}, {channel_bytes<T>(request.batch, places.channels), channel_bytes<T>(2, places.channels)}};
    step.phases.push_back({"sums", 1, true, 0, [&table, places](Tensors tensors, const Work& work) {
                             for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
                               table.column_sum({tensor<const T>(tensors, 0) + image * places.image(),
                                                 tensor<T>(tensors, 6) + image * places.channels, places.channels,
                                                 places.rows, places.channels, false});
                           }});
    step.phases.push_back(
        {"mean", 1, false, 0, [&table, places, block](Tensors tensors, const Work& work) {
           T* mean = tensor<T>(tensors, 4);
           table.column_sum({tensor<const T>(tensors, 6), mean, places.channels, work.batch, places.channels, false});
           divide_channels(mean, places.channels, work.batch * places.rows, block);
         }});
    step.phases.push_back({"squares", 1, true, 0, [&table, places](Tensors tensors, const Work& work) {
                             for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
                               table.centered_sum({tensor<const T>(tensors, 0) + image * places.image(), nullptr,
                                                   tensor<const T>(tensors, 4),
                                                   tensor<T>(tensors, 6) + image * places.channels, places.rows,
                                                   places.channels});
                           }});
    step.phases.push_back(
        {"variance", 1, false, 0, [&table, places, block, epsilon](Tensors tensors, const Work& work) {
           T* variance = tensor<T>(tensors, 5);
           table.column_sum(
               {tensor<const T>(tensors, 6), variance, places.channels, work.batch, places.channels, false});
           divide_channels(variance, places.channels, work.batch * places.rows, block);
           const T* beta = tensor<const T>(tensors, 2);
           T* scale = tensor<T>(tensors, 7);
           for (std::int64_t n = 0; n < places.channels; ++n) {
             scale[n] = scale_of<T>(tensor<const T>(tensors, 1), variance, epsilon, n);
             scale[places.channels + n] = beta ? beta[n] : T{};
           }
         }});
    step.phases.push_back({"normalize", 1, true, 0, [&table, places](Tensors tensors, const Work& work) {
                             const T* scale = tensor<const T>(tensors, 7);
                             table.normalize({tensor<const T>(tensors, 0) + work.image_begin * places.image(),
                                              tensor<const T>(tensors, 4), scale, scale + places.channels,
                                              tensor<T>(tensors, 3) + work.image_begin * places.image(),
                                              (work.image_end - work.image_begin) * places.rows, places.channels});
                           }});
    return step;
  });
}

std::vector<TensorSpec> BatchNormBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_places(*this, inputs, 5);
  const TensorSpec channels = channel_spec(inputs[0]);
  expect_inputs(*this, inputs, {inputs[0], inputs[0], if_given(inputs[2], channels), channels, channels});
  return {inputs[0], channels, channels};
}

// With c = x - mean, s = 1 / sqrt(variance + epsilon) and sums over all `count` places (Ioffe and Szegedy 2015, section
// 3): d beta = sum dy, d gamma = s sum(dy c), dx = gamma s (dy - d beta / count - c s s sum(dy c) / count).
// Tensors: dy, x, gamma, mean, variance | dx, d gamma, d beta | sums of each image: dy, dy c | scale, offset, slope.
Step BatchNormBackward::lower(const LowerRequest& request) const {
  expect_floats(*this, request);
  const Places places(request.inputs[0]);
  return request.kernels.visit([&, epsilon = epsilon_]<class T>(const kernels::KernelTable<T>& table) {
    const std::int64_t block = table.channel_block, channels = places.channels;
    const std::int64_t image_sums = channel_bytes<T>(request.batch, channels);
    Step step{"", {}, {image_sums, image_sums, channel_bytes<T>(4, channels)}};
    step.phases.push_back({"sums", 1, true, 0, [&table, places](Tensors tensors, const Work& work) {
                             for (std::int64_t image = work.image_begin; image < work.image_end; ++image) {
                               const T* out_gradient = tensor<const T>(tensors, 0) + image * places.image();
                               table.column_sum({out_gradient, tensor<T>(tensors, 8) + image * places.channels,
                                                 places.channels, places.rows, places.channels, false});
                               table.centered_sum({tensor<const T>(tensors, 1) + image * places.image(), out_gradient,
                                                   tensor<const T>(tensors, 3),
                                                   tensor<T>(tensors, 9) + image * places.channels, places.rows,
                                                   places.channels});
                             }
                           }});
    step.phases.push_back(
        {"parameters", 1, false, 0, [&table, places, channels, block, epsilon](Tensors tensors, const Work& work) {
           T* scale = tensor<T>(tensors, 10);
           T *offset = scale + channels, *slope = offset + channels, *total = slope + channels;
           table.column_sum({tensor<const T>(tensors, 8), offset, channels, work.batch, channels, false});
           table.column_sum({tensor<const T>(tensors, 9), total, channels, work.batch, channels, false});
           const auto count = static_cast<T>(std::max<std::int64_t>(1, work.batch * places.rows));
           for (std::int64_t n = 0; n < channels; ++n) {
             const T inverse = scale_of<T>(nullptr, tensor<const T>(tensors, 4), epsilon, n);
             scale[n] = scale_of<T>(tensor<const T>(tensors, 2), tensor<const T>(tensors, 4), epsilon, n);
             slope[n] = inverse * inverse * total[n] / count;
             total[n] *= inverse;
           }
           const auto give = [&](std::size_t output, const T* values) {
             T* gradient = tensor<T>(tensors, output);
             if (!gradient) return;
             std::copy_n(values, channels, gradient);
             std::fill(gradient + channels, gradient + base::round_up(channels, block), T{});
           };
           give(6, total);
           give(7, offset);
           for (std::int64_t n = 0; n < channels; ++n) offset[n] /= count;
         }});
    if (request.wanted[0])
      step.phases.push_back({"data", 1, true, 0, [&table, places, channels](Tensors tensors, const Work& work) {
                               const std::int64_t first = work.image_begin * places.image();
                               const T* scale = tensor<const T>(tensors, 10);
                               table.normalize_backward({tensor<const T>(tensors, 0) + first,
                                                         tensor<const T>(tensors, 1) + first,
                                                         tensor<const T>(tensors, 3), scale, scale + channels,
                                                         scale + 2 * channels, tensor<T>(tensors, 5) + first,
                                                         (work.image_end - work.image_begin) * places.rows, channels});
                             }});
    return step;
  });
}

std::vector<TensorSpec> BatchNormInference::infer(const std::vector<TensorSpec>& inputs) const {
  expect_places(*this, inputs, 5);
  const TensorSpec channels = channel_spec(inputs[0]);
  expect_inputs(*this, inputs,
                {inputs[0], if_given(inputs[1], channels), if_given(inputs[2], channels), channels, channels});
  return {inputs[0]};
}

Step BatchNormInference::lower(const LowerRequest& request) const {
  expect_floats(*this, request);
  const Places places(request.inputs[0]);
  return request.kernels.visit([&, epsilon = epsilon_]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"forward", 1, true, channel_bytes<T>(2, places.channels), {}};
    phase.run = [&table, places, epsilon](Tensors tensors, const Work& work) {
      T* scale = reinterpret_cast<T*>(work.scratch);
      T* shift = scale + places.channels;
      const T* beta = tensor<const T>(tensors, 2);
      for (std::int64_t n = 0; n < places.channels; ++n) {
        scale[n] = scale_of<T>(tensor<const T>(tensors, 1), tensor<const T>(tensors, 4), epsilon, n);
        shift[n] = beta ? beta[n] : T{};
      }
      table.normalize({tensor<const T>(tensors, 0) + work.image_begin * places.image(), tensor<const T>(tensors, 3),
                       scale, shift, tensor<T>(tensors, 5) + work.image_begin * places.image(),
                       (work.image_end - work.image_begin) * places.rows, places.channels});
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> FoldBatchNorm::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 6 || inputs[0].storage != Storage::packed || inputs[0].shape.rank() < 2)
    throw ShapeError("fold_batch_norm: expected a kernel, a bias and four inputs of batch_norm_inference");
  const TensorSpec channels = channel_spec(inputs[0]);
  TensorSpec bias = channels;
  bias.groups = inputs[0].groups;
  expect_inputs(*this, inputs,
                {inputs[0], if_given(inputs[1], bias), if_given(inputs[2], channels), if_given(inputs[3], channels),
                 channels, channels});
  return {inputs[0], bias};
}

Step FoldBatchNorm::lower(const LowerRequest& request) const {
  expect_floats(*this, request);
  return request.kernels.visit([&, epsilon = epsilon_]<class T>(const kernels::KernelTable<T>& table) {
    const base::WeightsLayout layout = weights_layout(request.inputs[0], table.channel_block);
    // An item is a block of channels. Derived memory begins with zeros: the last block's filling stays so.
    Phase phase{"fold", layout.blocks(), false, 0, {}};
    phase.run = [layout, epsilon](Tensors tensors, const Work& work) {
      const T *kernel = tensor<const T>(tensors, 0), *bias = tensor<const T>(tensors, 1),
              *beta = tensor<const T>(tensors, 3), *mean = tensor<const T>(tensors, 4);
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
        const base::WeightsLayout::Channels channels = layout.channels(item);
        for (std::int64_t column = 0; column < channels.count; ++column) {
          const std::int64_t n = channels.first + column;
          const T scale = scale_of<T>(tensor<const T>(tensors, 2), tensor<const T>(tensors, 5), epsilon, n);
          const std::int64_t first = layout.position(n), packed = item * layout.block + column;
          for (std::int64_t row = 0; row < layout.taps * layout.in; ++row)
            tensor<T>(tensors, 6)[first + row * layout.block] = kernel[first + row * layout.block] * scale;
          tensor<T>(tensors, 7)[packed] = std::fma((bias ? bias[packed] : T{}) - mean[n], scale, beta ? beta[n] : T{});
        }
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> MovingAverage::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 2 || inputs[0].storage != Storage::packed || !(inputs[0] == inputs[1]))
    throw ShapeError("moving_average: expected two packed tensors of one shape");
  return {};
}

Step MovingAverage::lower(const LowerRequest& request) const {
  expect_floats(*this, request);
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"update", 1, false, 0, {}};
    phase.run = [count = weights_layout(request.inputs[0], table.channel_block).elements(),
                 momentum = static_cast<T>(momentum_)](Tensors tensors, const Work& work) {
      if (work.batch == 0) return;
      T* running = tensor<T>(tensors, 0);
      const T* current = tensor<const T>(tensors, 1);
      for (std::int64_t i = 0; i < count; ++i) running[i] = std::fma(momentum, running[i] - current[i], current[i]);
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
