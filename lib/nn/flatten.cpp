#include "nn/flatten.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/elementwise.hpp"

namespace tilewise {

Flatten::Flatten(const std::string& name) : Layer(std::make_shared<nn::FlattenLayer>(name)) {}

namespace nn {

ValueId FlattenLayer::emit(LayerBuilder& builder, ValueId x) const {
  return builder.emit(std::make_shared<ops::Reshape>(Shape{builder.shape(x).elements()}), {x});
}

nlohmann::json FlattenLayer::config() const {
  return nlohmann::json::object();
}

Layer FlattenLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Flatten(name);
}

}  // namespace nn

}  // namespace tilewise
