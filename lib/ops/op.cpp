#include "ops/op.hpp"

#include "tilewise/error.hpp"

namespace tilewise::ops {

Kernels::Kernels(Scalar scalar) : scalar_(scalar), table_(nullptr) {
  switch (scalar) {
    case Scalar::f32:
      table_ = &kernels::reference_table<float>();
      break;
    case Scalar::f64:
      table_ = &kernels::reference_table<double>();
      break;
    case Scalar::i64:
      table_ = &kernels::reference_table<std::int64_t>();
      break;
  }
}

std::int64_t Kernels::channel_block() const noexcept {
  return visit([](const auto& table) { return static_cast<std::int64_t>(table.channel_block); });
}

std::string_view Kernels::isa() const noexcept {
  return visit([](const auto& table) { return std::string_view(table.isa); });
}

std::vector<ValueId> Op::backward(GraphBuilder&, const BackwardRequest&) const {
  throw ArgumentError("nothing can be differentiated through " + std::string(kind()));
}

void expect_inputs(const Op& op, const std::vector<TensorSpec>& inputs, std::initializer_list<TensorSpec> expected) {
  if (inputs.size() != expected.size())
    throw ShapeError(std::string(op.kind()) + ": " + std::to_string(inputs.size()) + " inputs; expected " +
                     std::to_string(expected.size()));
  std::size_t number = 0;
  for (const TensorSpec& spec : expected) {
    if (!(inputs[number] == spec))
      throw ShapeError(std::string(op.kind()) + ": input " + std::to_string(number) + " is " +
                       to_string(inputs[number]) + "; expected " + to_string(spec));
    ++number;
  }
}

base::WeightsLayout weights_layout(const TensorSpec& spec, std::int64_t channel_block) {
  return base::weights_layout(spec.shape, channel_block, spec.groups);
}

std::string to_string(const TensorSpec& spec) {
  std::string text = spec.storage == Storage::batched  ? "batch of "
                     : spec.storage == Storage::packed ? "parameter "
                                                       : "";
  text += spec.shape.to_string();
  switch (spec.element) {
    case Element::scalar:
      break;
    case Element::u8:
      text += " u8";
      break;
    case Element::u32:
      text += " u32";
      break;
    case Element::i32:
      text += " i32";
      break;
  }
  if (spec.groups != 1) text += " in " + std::to_string(spec.groups) + " groups";
  return text;
}

void expect_filled(const Op& op, const Shape& kernel) {
  if (kernel.elements() == 0)
    throw ShapeError(std::string(op.kind()) + ": the kernel " + kernel.to_string() + " is empty");
}

void expect_alike(const Op& op, const std::vector<TensorSpec>& inputs, std::size_t count) {
  bool alike = inputs.size() == count;
  for (const TensorSpec& input : inputs) alike = alike && input == inputs[0] && input.element == Element::scalar;
  if (!alike)
    throw ShapeError(std::string(op.kind()) + ": expected " + std::to_string(count) +
                     " inputs of one shape and of the plan's scalar");
}

}  // namespace tilewise::ops
