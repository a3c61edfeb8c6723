#include "ops/dropout.hpp"

#include "base/random.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

TensorSpec mask_of(TensorSpec spec) {
  spec.element = Element::u8;
  return spec;
}

void expect_batched(const Op& op, const std::vector<TensorSpec>& inputs) {
  if (inputs.size() != 2 || inputs[0].storage != Storage::batched || inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected a batched tensor and one more input");
}

/// The factor of what is kept. Integers have none.
template <class T>
T kept_scale(double rate) {
  return static_cast<T>(1 / (1 - rate));
}

/// Samples [begin, end) of `elements` each.
void draw_mask(const base::Random& random, double rate, std::int64_t begin, std::int64_t end, std::uint8_t* mask) {
  for (std::int64_t i = begin; i < end; ++i)
    mask[i] = double{random.uniform(static_cast<std::uint64_t>(i))} >= rate ? 1 : 0;
}

}  // namespace

std::vector<TensorSpec> Dropout::infer(const std::vector<TensorSpec>& inputs) const {
  if (!(rate_ >= 0 && rate_ < 1))
    throw ArgumentError("dropout: a rate of " + std::to_string(rate_) + "; expected at least 0 and below 1");
  expect_batched(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0], {{1}, Storage::plain, Element::i32}});
  return {inputs[0], mask_of(inputs[0])};
}

std::vector<ValueId> Dropout::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return {graph.emit(std::make_shared<DropoutBackward>(rate_), {request.output_gradients[0], request.outputs[1]})[0],
          no_value};
}

Step Dropout::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"forward", 1, true, 0, {}};
    phase.run = [&table, rate = rate_, seed = seed_, call = call_, elements = request.inputs[0].shape.elements()](
                    Tensors tensors, const Work& work) {
      const auto step = static_cast<std::uint32_t>(*tensor<const std::int32_t>(tensors, 1));
      const base::Random random(seed, base::Stream::dropout, std::uint64_t{call} << 32 | step);
      const std::int64_t begin = work.image_begin * elements, end = work.image_end * elements;
      std::uint8_t* mask = tensor<std::uint8_t>(tensors, 3);
      draw_mask(random, rate, begin, end, mask);
      table.masked_scale({tensor<const T>(tensors, 0) + begin, mask + begin, tensor<T>(tensors, 2) + begin, end - begin,
                          kept_scale<T>(rate)});
    };
    return Step{"philox", {std::move(phase)}, {}};
  });
}

std::vector<TensorSpec> DropoutBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_batched(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0], mask_of(inputs[0])});
  return {inputs[0]};
}

Step DropoutBackward::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{"backward", 1, true, 0, {}};
    phase.run = [&table, rate = rate_, elements = request.inputs[0].shape.elements()](Tensors tensors,
                                                                                      const Work& work) {
      const std::int64_t begin = work.image_begin * elements;
      table.masked_scale({tensor<const T>(tensors, 0) + begin, tensor<const std::uint8_t>(tensors, 1) + begin,
                          tensor<T>(tensors, 2) + begin, (work.image_end - work.image_begin) * elements,
                          kept_scale<T>(rate)});
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
