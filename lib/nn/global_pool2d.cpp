#include "nn/global_pool2d.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/elementwise.hpp"
#include "ops/pool2d.hpp"

namespace tilewise {

GlobalAveragePool2D::GlobalAveragePool2D(const std::string& name)
    : Layer(std::make_shared<nn::GlobalAveragePool2DLayer>(name)) {}

GlobalMaxPool2D::GlobalMaxPool2D(const std::string& name) : Layer(std::make_shared<nn::GlobalMaxPool2DLayer>(name)) {}

namespace nn {

ValueId GlobalPool2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape& image = require_image(builder.shape(x));
  const ops::Extent2D whole{image[0], image[1]};
  const Shape channels{image[2]};
  const ValueId pooled = builder.emit(make_op({.size = whole, .stride = whole}), {x});
  return builder.emit(std::make_shared<ops::Reshape>(channels), {pooled});
}

nlohmann::json GlobalPool2DLayer::config() const {
  return nlohmann::json::object();
}

std::shared_ptr<const ops::Op> GlobalAveragePool2DLayer::make_op(const ops::Window2D& window) const {
  return std::make_shared<ops::AveragePool2D>(window);
}

Layer GlobalAveragePool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return GlobalAveragePool2D(name);
}

std::shared_ptr<const ops::Op> GlobalMaxPool2DLayer::make_op(const ops::Window2D& window) const {
  return std::make_shared<ops::MaxPool2D>(window);
}

Layer GlobalMaxPool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return GlobalMaxPool2D(name);
}

}  // namespace nn

}  // namespace tilewise
