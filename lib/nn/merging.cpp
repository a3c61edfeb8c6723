#include "nn/merging.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/concatenate.hpp"
#include "ops/elementwise.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

Add::Add(const std::string& name) : Layer(std::make_shared<nn::AddLayer>(name)) {}
Concatenate::Concatenate(const std::string& name) : Layer(std::make_shared<nn::ConcatenateLayer>(name)) {}

namespace nn {

namespace {

void require_several(const std::vector<ValueId>& inputs, std::string_view kind) {
  if (inputs.size() < 2)
    throw ArgumentError(std::string(kind) + " takes two or more inputs; found " + std::to_string(inputs.size()));
}

}  // namespace

ValueId AddLayer::emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const {
  require_several(inputs, class_name);
  for (ValueId input : inputs)
    if (builder.shape(input) != builder.shape(inputs[0]))
      throw ShapeError("inputs of " + builder.shape(inputs[0]).to_string() + " and " +
                       builder.shape(input).to_string() + "; expected one shape");
  ValueId sum = inputs[0];
  for (std::size_t input = 1; input < inputs.size(); ++input)
    sum = builder.emit(std::make_shared<ops::Add>(), {sum, inputs[input]});
  return sum;
}
nlohmann::json AddLayer::config() const {
  return nlohmann::json::object();
}
Layer AddLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Add(name);
}

ValueId ConcatenateLayer::emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const {
  require_several(inputs, class_name);
  return builder.emit(std::make_shared<ops::Concatenate>(), inputs);
}
nlohmann::json ConcatenateLayer::config() const {
  return nlohmann::json::object();
}
Layer ConcatenateLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Concatenate(name);
}

}  // namespace nn

}  // namespace tilewise
