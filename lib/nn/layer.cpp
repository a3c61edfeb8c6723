#include "nn/layer.hpp"

#include "tilewise/error.hpp"

namespace tilewise::nn {

void LayerBuilder::set_layer(const std::string& name) {
  layer_ = name;
  graph_.set_scope(name);
}

ValueId LayerBuilder::parameter(const std::string& name, const Shape& shape, Initializer initializer) {
  const int number = static_cast<int>(parameters_.size());
  parameters_.push_back({layer_ + "/" + name, shape, initializer});
  return graph_.add_parameter(parameters_.back().name, shape, number);
}

ValueId LayerBuilder::emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs) {
  return graph_.emit(std::move(op), std::move(inputs)).front();
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
