#include "nn/layer.hpp"

#include <utility>

#include "tilewise/error.hpp"

namespace tilewise::nn {

void LayerBuilder::set_call(const std::string& layer, std::uint32_t call) {
  layer_ = layer;
  call_ = call;
  graph_.set_scope(layer);
}

ValueId LayerBuilder::step() {
  if (!step_) step_ = graph_.add_input("step", {{1}, ops::Storage::plain, ops::Element::i32});
  return *step_;
}

ValueId LayerBuilder::parameter(const std::string& name, const Shape& shape, Initializer initializer, bool is_trained,
                                std::int64_t groups) {
  return parameter(
      {.name = name, .shape = shape, .initializer = initializer, .is_trained = is_trained, .groups = groups});
}

ValueId LayerBuilder::parameter(Parameter wanted) {
  const std::string name = std::exchange(wanted.name, layer_ + "/" + wanted.name);
  std::size_t number = 0;
  while (number < parameters_.size() && parameters_[number].name != wanted.name) ++number;
  if (number == parameters_.size()) parameters_.push_back(wanted);
  const Parameter& added = parameters_[number];
  if (added.shape != wanted.shape)
    throw ShapeError("its " + name + " is " + added.shape.to_string() + " from an earlier call; found " +
                     wanted.shape.to_string());
  values_.resize(parameters_.size(), no_value);
  if (values_[number] == no_value)
    values_[number] = graph_.add_parameter(added.name, added.shape_in_store(), static_cast<int>(number), added.groups);
  return values_[number];
}

std::vector<ValueId> LayerBuilder::emit_all(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs) {
  return graph_.emit(std::move(op), std::move(inputs));
}

ValueId LayerBuilder::emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs) {
  return emit_all(std::move(op), std::move(inputs)).front();
}

ValueId LayerDefinition::emit(LayerBuilder&, ValueId) const {
  throw ArgumentError(std::string(kind()) + " takes several inputs");
}

ValueId LayerDefinition::emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const {
  if (inputs.size() != 1)
    throw ArgumentError(std::string(kind()) + " takes one input; found " + std::to_string(inputs.size()));
  return emit(builder, inputs.front());
}

void require_at_least(std::int64_t minimum, std::int64_t value, std::string_view kind, const char* what) {
  if (value < minimum)
    throw ArgumentError(std::string(kind) + ": " + what + " must be at least " + std::to_string(minimum) + ", found " +
                        std::to_string(value));
}

const Shape& require_image(const Shape& shape) {
  if (shape.rank() != 3) throw ShapeError("expected an image, height x width x channels; found " + shape.to_string());
  return shape;
}

}  // namespace tilewise::nn
