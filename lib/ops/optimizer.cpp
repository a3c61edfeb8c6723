#include "ops/optimizer.hpp"

#include <algorithm>

#include "ops/over_elements.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec rates_spec{{2}, Storage::plain};

/// Part of one parameter: the position of its first tensor among the inputs, and which elements.
struct Slice {
  std::size_t input;
  std::int64_t begin, count;

  /// The slice of the group's k-th tensor.
  template <class T>
  T* of(Tensors tensors, std::size_t k) const {
    return tensor<T>(tensors, input + k) + begin;
  }
};

/// Cuts parameters, each standing in `inputs` with its gradient and state as a group of `group` tensors after the
/// rates, into slices: the same part of each block of output channels, then the next part, as the lanes of a dense
/// layer's backward pass share out the gradient, so that much of it is still in a lane's cache.
std::vector<Slice> slices_of(const std::vector<TensorSpec>& inputs, std::size_t group, std::int64_t block) {
  std::vector<Slice> slices;
  for (std::size_t input = 1; input < inputs.size(); input += group) {
    const base::WeightsLayout layout = weights_layout(inputs[input], block);
    const std::int64_t all = layout.elements(), of_block = layout.block_elements();
    for (std::int64_t part = 0; part < of_block; part += slice_elements)
      for (std::int64_t begin = part; begin < all; begin += of_block)
        slices.push_back({input, begin, std::min(slice_elements, of_block - part)});
  }
  return slices;
}

void expect_groups(const Op& op, const std::vector<TensorSpec>& inputs, std::size_t group) {
  const std::string name(op.kind());
  if (inputs.empty() || !(inputs[0] == rates_spec))
    throw ShapeError(name + ": expected rate and decay, two plain values, as the first input");
  if ((inputs.size() - 1) % group != 0)
    throw ShapeError(name + ": " + std::to_string(inputs.size() - 1) + " tensors; expected groups of " +
                     std::to_string(group));
  for (std::size_t input = 1; input < inputs.size(); ++input) {
    const TensorSpec& parameter = inputs[input - (input - 1) % group];
    if (inputs[input].storage != Storage::packed || !(inputs[input] == parameter))
      throw ShapeError(name + ": input " + std::to_string(input) + " is " + to_string(inputs[input]) + "; expected " +
                       to_string(parameter));
  }
}

/// updated[k] tells whether the k-th tensor of a group is changed.
std::vector<int> updated_of(std::size_t input_count, const std::vector<bool>& updated) {
  std::vector<int> inputs;
  for (std::size_t input = 1; input < input_count; ++input)
    if (updated[(input - 1) % updated.size()]) inputs.push_back(static_cast<int>(input));
  return inputs;
}

void require_roots(const Op& op, const LowerRequest& request) {
  if (request.kernels.scalar() == Scalar::i64)
    throw ArgumentError(std::string(op.kind()) + ": integers have no square root");
}

/// A phase that calls f(table, tensors, slice, {rate, decay}) for each slice.
template <class F>
Step over_slices(const LowerRequest& request, std::size_t group, F f) {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    std::vector<Slice> slices = slices_of(request.inputs, group, table.channel_block);
    Phase phase{"update", static_cast<std::int64_t>(slices.size()), false, 0, {}};
    phase.run = [&table, f, slices = std::move(slices)](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item)
        f(table, tensors, slices[static_cast<std::size_t>(item)], tensor<const T>(tensors, 0));
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace

std::vector<TensorSpec> SgdUpdate::infer(const std::vector<TensorSpec>& inputs) const {
  expect_groups(*this, inputs, 2);
  return {};
}

std::vector<int> SgdUpdate::updated_inputs(std::size_t input_count) const {
  return updated_of(input_count, {true, false});
}

Step SgdUpdate::lower(const LowerRequest& request) const {
  return over_slices(
      request, 2,
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Slice& slice, const T* rates) {
        table.sgd_update({.parameter = slice.of<T>(tensors, 0),
                          .gradient = slice.of<const T>(tensors, 1),
                          .count = slice.count,
                          .rate = rates[0],
                          .decay = rates[1]});
      });
}

std::vector<TensorSpec> SgdMomentumUpdate::infer(const std::vector<TensorSpec>& inputs) const {
  expect_groups(*this, inputs, 3);
  return {};
}

std::vector<int> SgdMomentumUpdate::updated_inputs(std::size_t input_count) const {
  return updated_of(input_count, {true, false, true});
}

Step SgdMomentumUpdate::lower(const LowerRequest& request) const {
  return over_slices(request, 3,
                     [momentum = momentum_, nesterov = nesterov_]<class T>(
                         const kernels::KernelTable<T>& table, Tensors tensors, const Slice& slice, const T* rates) {
                       table.sgd_momentum_update({.parameter = slice.of<T>(tensors, 0),
                                                  .gradient = slice.of<const T>(tensors, 1),
                                                  .m = slice.of<T>(tensors, 2),
                                                  .count = slice.count,
                                                  .rate = rates[0],
                                                  .decay = rates[1],
                                                  .momentum = static_cast<T>(momentum),
                                                  .nesterov = nesterov});
                     });
}

std::vector<TensorSpec> AdamUpdate::infer(const std::vector<TensorSpec>& inputs) const {
  expect_groups(*this, inputs, 4);
  return {};
}

std::vector<int> AdamUpdate::updated_inputs(std::size_t input_count) const {
  return updated_of(input_count, {true, false, true, true});
}

Step AdamUpdate::lower(const LowerRequest& request) const {
  require_roots(*this, request);
  return over_slices(request, 4,
                     [beta1 = beta1_, beta2 = beta2_, epsilon = epsilon_]<class T>(
                         const kernels::KernelTable<T>& table, Tensors tensors, const Slice& slice, const T* rates) {
                       table.adam_update({.parameter = slice.of<T>(tensors, 0),
                                          .gradient = slice.of<const T>(tensors, 1),
                                          .m = slice.of<T>(tensors, 2),
                                          .v = slice.of<T>(tensors, 3),
                                          .count = slice.count,
                                          .rate = rates[0],
                                          .decay = rates[1],
                                          .beta1 = static_cast<T>(beta1),
                                          .beta2 = static_cast<T>(beta2),
                                          .epsilon = static_cast<T>(epsilon)});
                     });
}

std::vector<TensorSpec> RmspropUpdate::infer(const std::vector<TensorSpec>& inputs) const {
  expect_groups(*this, inputs, group());
  return {};
}

std::vector<int> RmspropUpdate::updated_inputs(std::size_t input_count) const {
  std::vector<bool> updated(group(), true);
  updated[1] = false;
  return updated_of(input_count, updated);
}

Step RmspropUpdate::lower(const LowerRequest& request) const {
  require_roots(*this, request);
  return over_slices(request, group(),
                     [options = options_, m = has_momentum() ? group() - 1 : 0]<class T>(
                         const kernels::KernelTable<T>& table, Tensors tensors, const Slice& slice, const T* rates) {
                       table.rmsprop_update({.parameter = slice.of<T>(tensors, 0),
                                             .gradient = slice.of<const T>(tensors, 1),
                                             .v = slice.of<T>(tensors, 2),
                                             .mean = options.centered ? slice.of<T>(tensors, 3) : nullptr,
                                             .m = m > 0 ? slice.of<T>(tensors, m) : nullptr,
                                             .count = slice.count,
                                             .rate = rates[0],
                                             .decay = rates[1],
                                             .rho = static_cast<T>(options.rho),
                                             .momentum = static_cast<T>(options.momentum),
                                             .epsilon = static_cast<T>(options.epsilon)});
                     });
}

}  // namespace tilewise::ops
