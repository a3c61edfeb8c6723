#include "ops/optimizer.hpp"

#include <algorithm>

#include "ops/over_elements.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec rates_spec{{2}, Storage::plain};

/// Tensors of one parameter: itself, its gradient, its state.
std::size_t group_of(const Update& update) noexcept {
  return 2 + update.state_count();
}

/// Part of one parameter: the position of its first tensor among the inputs, and which elements.
struct Part {
  std::size_t input;
  std::int64_t begin, count;
};

/// Cuts parameters, each standing in `inputs` with its gradient and state as a group of `group` tensors after the
/// rates, into parts: the same part of each block of output channels, then the next part, as the lanes of a dense
/// layer's backward pass share out the gradient, so that much of it is still in a lane's cache.
std::vector<Part> parts_of(const std::vector<TensorSpec>& inputs, std::size_t group, std::int64_t block) {
  std::vector<Part> parts;
  for (std::size_t input = 1; input < inputs.size(); input += group) {
    const base::WeightsLayout layout = weights_layout(inputs[input], block);
    const std::int64_t all = layout.elements(), of_block = layout.block_elements();
    for (std::int64_t part = 0; part < of_block; part += slice_elements)
      for (std::int64_t begin = part; begin < all; begin += of_block)
        parts.push_back({input, begin, std::min(slice_elements, of_block - part)});
  }
  return parts;
}

/// A slice's pointers, typed.
template <class T>
struct Elements {
  const UpdateSlice& slice;

  T rate() const { return static_cast<const T*>(slice.rates)[0]; }
  T decay() const { return static_cast<const T*>(slice.rates)[1]; }
  T* parameter() const { return static_cast<T*>(slice.parameter); }
  const T* gradient() const { return static_cast<const T*>(slice.gradient); }
  T* state(std::size_t number) const { return static_cast<T*>(slice.state[number]); }
};

/// What calls f(table, elements).
template <class F>
SliceUpdate slice_update_of(const Kernels& kernels, F f) {
  return kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) -> SliceUpdate {
    return [&table, f](const UpdateSlice& slice) { f(table, Elements<T>{slice}); };
  });
}

void require_roots(const Op& op, const Kernels& kernels) {
  if (kernels.scalar() == Scalar::i64) throw ArgumentError(std::string(op.kind()) + ": integers have no square root");
}

}  // namespace

std::vector<TensorSpec> Update::infer(const std::vector<TensorSpec>& inputs) const {
  const std::string name(kind());
  const std::size_t group = group_of(*this);
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
  return {};
}

std::vector<int> Update::updated_inputs(std::size_t input_count) const {
  constexpr std::size_t gradient = 1;
  std::vector<int> inputs;
  for (std::size_t input = 1; input < input_count; ++input)
    if ((input - 1) % group_of(*this) != gradient) inputs.push_back(static_cast<int>(input));
  return inputs;
}

Step Update::lower(const LowerRequest& request) const {
  std::vector<Part> parts = parts_of(request.inputs, group_of(*this), request.kernels.channel_block());
  Phase phase{"update", static_cast<std::int64_t>(parts.size()), false, 0, {}};
  phase.run = [update = slice_update(request.kernels), states = state_count(), parts = std::move(parts),
               bytes = request.kernels.element_bytes()](Tensors tensors, const Work& work) {
    for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
      const Part& part = parts[static_cast<std::size_t>(item)];
      const auto at = [&](std::size_t tensor) {
        return static_cast<std::byte*>(tensors[part.input + tensor]) + part.begin * bytes;
      };
      UpdateSlice slice{.rates = tensors[0], .parameter = at(0), .gradient = at(1), .state = {}, .count = part.count};
      for (std::size_t number = 0; number < states; ++number) slice.state[number] = at(2 + number);
      update(slice);
    }
  };
  return {"", {std::move(phase)}, {}};
}

SliceUpdate SgdUpdate::slice_update(const Kernels& kernels) const {
  return slice_update_of(kernels, []<class T>(const kernels::KernelTable<T>& table, const Elements<T>& elements) {
    table.sgd_update({.parameter = elements.parameter(),
                      .gradient = elements.gradient(),
                      .count = elements.slice.count,
                      .rate = elements.rate(),
                      .decay = elements.decay(),
                      .ahead = elements.slice.ahead});
  });
}

SliceUpdate SgdMomentumUpdate::slice_update(const Kernels& kernels) const {
  return slice_update_of(kernels, [momentum = momentum_, nesterov = nesterov_]<class T>(
                                      const kernels::KernelTable<T>& table, const Elements<T>& elements) {
    table.sgd_momentum_update({.parameter = elements.parameter(),
                               .gradient = elements.gradient(),
                               .m = elements.state(0),
                               .count = elements.slice.count,
                               .rate = elements.rate(),
                               .decay = elements.decay(),
                               .momentum = static_cast<T>(momentum),
                               .nesterov = nesterov,
                               .ahead = elements.slice.ahead});
  });
}

SliceUpdate AdamUpdate::slice_update(const Kernels& kernels) const {
  require_roots(*this, kernels);
  return slice_update_of(kernels, [beta1 = beta1_, beta2 = beta2_, epsilon = epsilon_]<class T>(
                                      const kernels::KernelTable<T>& table, const Elements<T>& elements) {
    table.adam_update({.parameter = elements.parameter(),
                       .gradient = elements.gradient(),
                       .m = elements.state(0),
                       .v = elements.state(1),
                       .count = elements.slice.count,
                       .rate = elements.rate(),
                       .decay = elements.decay(),
                       .beta1 = static_cast<T>(beta1),
                       .beta2 = static_cast<T>(beta2),
                       .epsilon = static_cast<T>(epsilon),
                       .ahead = elements.slice.ahead});
  });
}

SliceUpdate RmspropUpdate::slice_update(const Kernels& kernels) const {
  require_roots(*this, kernels);
  return slice_update_of(kernels, [options = options_, m = has_momentum() ? state_count() - 1 : 0]<class T>(
                                      const kernels::KernelTable<T>& table, const Elements<T>& elements) {
    table.rmsprop_update({.parameter = elements.parameter(),
                          .gradient = elements.gradient(),
                          .v = elements.state(0),
                          .mean = options.centered ? elements.state(1) : nullptr,
                          .m = m > 0 ? elements.state(m) : nullptr,
                          .count = elements.slice.count,
                          .rate = elements.rate(),
                          .decay = elements.decay(),
                          .rho = static_cast<T>(options.rho),
                          .momentum = static_cast<T>(options.momentum),
                          .epsilon = static_cast<T>(options.epsilon),
                          .ahead = elements.slice.ahead});
  });
}

}  // namespace tilewise::ops
