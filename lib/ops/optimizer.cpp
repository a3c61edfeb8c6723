#include "ops/optimizer.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

/// Elements of one item.
constexpr std::int64_t slice_elements = 8192;

/// Part of one parameter: the position of its first tensor among the inputs, and which elements.
struct Slice {
  std::size_t input;
  std::int64_t begin, count;
};

/// Cuts parameters, each standing in `inputs` with its gradient and state as a group of `group` tensors after the rate,
/// into slices.
std::vector<Slice> slices_of(const std::vector<TensorSpec>& inputs, std::size_t group, std::int64_t block) {
  std::vector<Slice> slices;
  for (std::size_t input = 1; input < inputs.size(); input += group) {
    const std::int64_t count = weights_layout(inputs[input], block).elements();
    for (std::int64_t begin = 0; begin < count; begin += slice_elements)
      slices.push_back({input, begin, std::min(slice_elements, count - begin)});
  }
  return slices;
}

void expect_groups(const Op& op, const std::vector<TensorSpec>& inputs, std::size_t group) {
  const std::string name(op.kind());
  if (inputs.empty() || !(inputs[0] == TensorSpec{{1}, Storage::plain}))
    throw ShapeError(name + ": expected a rate, one plain value, as the first input");
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

template <class F>
Step over_slices(const LowerRequest& request, std::size_t group, F f) {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    std::vector<Slice> slices = slices_of(request.inputs, group, table.channel_block);
    Phase phase{"update", static_cast<std::int64_t>(slices.size()), false, 0, {}};
    phase.run = [&table, f, slices = std::move(slices)](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item)
        f(table, tensors, slices[static_cast<std::size_t>(item)], *tensor<const T>(tensors, 0));
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
  return over_slices(request, 2,
                     []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Slice& slice, T rate) {
                       table.sgd_update({tensor<T>(tensors, slice.input) + slice.begin,
                                         tensor<const T>(tensors, slice.input + 1) + slice.begin, slice.count, rate});
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
  if (request.kernels.scalar() == Scalar::i64) throw ArgumentError("adam_update: integers have no square root");
  return over_slices(request, 4,
                     [b1 = beta1_, b2 = beta2_, eps = epsilon_]<class T>(const kernels::KernelTable<T>& table,
                                                                         Tensors tensors, const Slice& slice, T rate) {
                       table.adam_update({tensor<T>(tensors, slice.input) + slice.begin,
                                          tensor<const T>(tensors, slice.input + 1) + slice.begin,
                                          tensor<T>(tensors, slice.input + 2) + slice.begin,
                                          tensor<T>(tensors, slice.input + 3) + slice.begin, slice.count, rate,
                                          static_cast<T>(b1), static_cast<T>(b2), static_cast<T>(eps)});
                     });
}

}  // namespace tilewise::ops
