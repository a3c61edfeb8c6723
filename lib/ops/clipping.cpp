#include "ops/clipping.hpp"

#include <cmath>

#include "ops/over_elements.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec factor_spec{{1}, Storage::plain};

void expect_tensor(const Op& op, const std::vector<TensorSpec>& inputs) {
  if (inputs.empty() || is_absent(inputs[0]) || inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": expected a tensor of the plan's scalar as the first input");
}

/// Rows of one slot: with 32 channels a block, 8192 elements.
constexpr std::int64_t slot_rows = 256;

/// The squares of one packed tensor: for each slot of rows a sum for each channel, these of all blocks side by side,
/// from `first` on among all sums.
struct Squares {
  base::WeightsLayout layout;
  std::int64_t first;

  std::int64_t rows() const noexcept { return layout.taps * layout.in; }
  std::int64_t slots() const noexcept { return base::ceil_div(rows(), slot_rows); }
  std::int64_t channels() const noexcept { return layout.blocks() * layout.block; }
  std::int64_t sums() const noexcept { return slots() * channels(); }
  std::int64_t items() const noexcept { return slots() * layout.blocks(); }
};

/// One slot of one block.
struct Slot {
  std::size_t input;
  std::int64_t begin, rows;  ///< its elements: the first one, and rows of a block
  std::int64_t sums;         ///< where its sums go
};

std::vector<Squares> squares_of(const std::vector<TensorSpec>& inputs, std::int64_t block) {
  std::vector<Squares> all;
  std::int64_t first = 0;
  for (const TensorSpec& input : inputs) {
    all.push_back({weights_layout(input, block), first});
    first = base::checked_add(first, all.back().sums());
  }
  return all;
}

std::vector<Slot> slots_of(const std::vector<Squares>& all) {
  std::vector<Slot> slots;
  for (std::size_t input = 0; input < all.size(); ++input) {
    const Squares& squares = all[input];
    for (std::int64_t block = 0; block < squares.layout.blocks(); ++block)
      for (std::int64_t slot = 0; slot < squares.slots(); ++slot) {
        const std::int64_t row = slot * slot_rows;
        slots.push_back({input, block * squares.layout.block_elements() + row * squares.layout.block,
                         std::min(slot_rows, squares.rows() - row),
                         squares.first + slot * squares.channels() + block * squares.layout.block});
      }
  }
  return slots;
}

/// The sum of all squares of one tensor; what fills its last block is left out.
template <class T>
double total(const Squares& squares, const T* sums) {
  const base::WeightsLayout& layout = squares.layout;
  double total = 0;
  for (std::int64_t slot = 0; slot < squares.slots(); ++slot)
    for (std::int64_t block = 0; block < layout.blocks(); ++block) {
      const T* of_block = sums + squares.first + slot * squares.channels() + block * layout.block;
      const std::int64_t channels = layout.channels(block).count;
      for (std::int64_t channel = 0; channel < channels; ++channel) total += static_cast<double>(of_block[channel]);
    }
  return total;
}

double scale_for(double sum_of_squares, double limit) {
  const double norm = std::sqrt(sum_of_squares);
  if (!std::isfinite(norm)) return std::nan("");
  return limit / std::max(norm, limit);
}

template <class T>
Phase squares_phase(const kernels::KernelTable<T>& table, std::vector<Slot> slots, std::size_t workspace) {
  const std::int64_t block = table.channel_block;
  return {"squares", static_cast<std::int64_t>(slots.size()), false, block * static_cast<std::int64_t>(sizeof(T)),
          [&table, block, workspace, slots = std::move(slots)](Tensors tensors, const Work& work) {
            T* zeros = reinterpret_cast<T*>(work.scratch);
            std::fill_n(zeros, block, T{});
            for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
              const Slot& slot = slots[static_cast<std::size_t>(item)];
              table.centered_sum({.in = tensor<const T>(tensors, slot.input) + slot.begin,
                                  .factor = nullptr,
                                  .mean = zeros,
                                  .out = tensor<T>(tensors, workspace) + slot.sums,
                                  .rows = slot.rows,
                                  .channels = block});
            }
          }};
}

/// Few values: one lane sums them all.
template <class T>
Phase scales_phase(std::vector<Squares> all, std::size_t outputs, double limit) {
  return {"scales", 1, false, 0, [limit, outputs, all = std::move(all)](Tensors tensors, const Work&) {
            const T* sums = tensor<const T>(tensors, all.size() + outputs);
            double sum = 0;
            for (std::size_t input = 0; input < all.size(); ++input) {
              sum += total(all[input], sums);
              if (outputs == 1 && input + 1 < all.size()) continue;  // one for all of them
              T* scale = tensor<T>(tensors, outputs == 1 ? all.size() : all.size() + input);
              if (scale) *scale = static_cast<T>(scale_for(sum, limit));
              sum = 0;
            }
          }};
}

}  // namespace

std::vector<TensorSpec> Clip::infer(const std::vector<TensorSpec>& inputs) const {
  expect_tensor(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0]});
  return {inputs[0]};
}

Step Clip::lower(const LowerRequest& request) const {
  return request.kernels.visit([&, limit = limit_]<class T>(const kernels::KernelTable<T>& table) {
    return Step{"",
                {over_elements("forward", request.kernels, request.outputs[0],
                               [&table, limit](Tensors tensors, std::int64_t begin, std::int64_t count) {
                                 table.clamp({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 1) + begin, count,
                                              static_cast<T>(limit)});
                               })},
                {}};
  });
}

std::vector<TensorSpec> Scale::infer(const std::vector<TensorSpec>& inputs) const {
  expect_tensor(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0], factor_spec});
  return {inputs[0]};
}

Step Scale::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{"",
                {over_elements("forward", request.kernels, request.outputs[0],
                               [&table](Tensors tensors, std::int64_t begin, std::int64_t count) {
                                 table.scale({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 2) + begin, count,
                                              *tensor<const T>(tensors, 1)});
                               })},
                {}};
  });
}

std::vector<TensorSpec> NormScales::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.empty()) throw ShapeError("norm_scales: expected at least one tensor");
  for (std::size_t input = 0; input < inputs.size(); ++input)
    if (inputs[input].storage != Storage::packed || inputs[input].element != Element::scalar)
      throw ShapeError("norm_scales: input " + std::to_string(input) + " is " + to_string(inputs[input]) +
                       "; expected a packed tensor");
  return std::vector<TensorSpec>(global_ ? 1 : inputs.size(), factor_spec);
}

Step NormScales::lower(const LowerRequest& request) const {
  if (request.kernels.scalar() == Scalar::i64) throw ArgumentError("norm_scales: integers have no square root");
  return request.kernels.visit([&, limit = limit_]<class T>(const kernels::KernelTable<T>& table) {
    std::vector<Squares> all = squares_of(request.inputs, table.channel_block);
    const std::int64_t sums = all.back().first + all.back().sums();
    const std::size_t outputs = request.outputs.size(), workspace = all.size() + outputs;
    Step step{"", {}, {base::checked_mul(sums, static_cast<std::int64_t>(sizeof(T)))}};
    step.phases.push_back(squares_phase(table, slots_of(all), workspace));
    step.phases.push_back(scales_phase<T>(std::move(all), outputs, limit));
    return step;
  });
}

}  // namespace tilewise::ops
