#include "ops/repeat_channels.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

void expect_batched(const Op& op, const std::vector<TensorSpec>& inputs, std::int64_t times) {
  if (inputs.size() != 1 || inputs[0].shape.rank() == 0 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected one batch of rank 1 or more");
  if (times < 1)
    throw ArgumentError(std::string(op.kind()) + ": " + std::to_string(times) + " times; expected 1 or more");
}

TensorSpec with_channels(const TensorSpec& spec, std::int64_t channels) {
  std::int64_t extents[Shape::max_rank];
  std::copy(spec.shape.begin(), spec.shape.end(), extents);
  extents[spec.shape.rank() - 1] = channels;
  return {Shape(extents, spec.shape.rank())};
}

std::int64_t channels_of(const TensorSpec& spec) {
  return spec.shape[spec.shape.rank() - 1];
}

}  // namespace

std::vector<TensorSpec> RepeatChannels::infer(const std::vector<TensorSpec>& inputs) const {
  expect_batched(*this, inputs, times_);
  return {with_channels(inputs[0], base::checked_mul(channels_of(inputs[0]), times_))};
}

std::vector<ValueId> RepeatChannels::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<RepeatChannelsBackward>(times_), {request.output_gradients[0]});
}

// Channels are innermost, so an image is a row of elements that are each repeated.
Step RepeatChannels::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, {}};
    phase.run = [times = times_, image = request.inputs[0].shape.elements()](Tensors tensors, const Work& work) {
      const T* in = tensor<const T>(tensors, 0);
      T* out = tensor<T>(tensors, 1);
      for (std::int64_t i = work.image_begin * image; i < work.image_end * image; ++i)
        std::fill_n(out + i * times, times, in[i]);
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> RepeatChannelsBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_batched(*this, inputs, times_);
  if (channels_of(inputs[0]) % times_ != 0)
    throw ShapeError("repeat_channels_backward: " + to_string(inputs[0]) + "; expected a multiple of " +
                     std::to_string(times_) + " channels");
  return {with_channels(inputs[0], channels_of(inputs[0]) / times_)};
}

Step RepeatChannelsBackward::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"backward", 1, true, 0, {}};
    phase.run = [times = times_, image = request.outputs[0].shape.elements()](Tensors tensors, const Work& work) {
      const T* out_gradient = tensor<const T>(tensors, 0);
      T* in_gradient = tensor<T>(tensors, 1);
      for (std::int64_t i = work.image_begin * image; i < work.image_end * image; ++i) {
        T sum = out_gradient[i * times];
        for (std::int64_t j = 1; j < times; ++j) sum += out_gradient[i * times + j];
        in_gradient[i] = sum;
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
