#include "nn/activation.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/activation.hpp"

namespace tilewise {

ReLU::ReLU(const std::string& name) : Layer(std::make_shared<nn::ReLULayer>(name)) {}
Softmax::Softmax(const std::string& name) : Layer(std::make_shared<nn::SoftmaxLayer>(name)) {}
Tanh::Tanh(const std::string& name) : Layer(std::make_shared<nn::TanhLayer>(name)) {}
Sigmoid::Sigmoid(const std::string& name) : Layer(std::make_shared<nn::SigmoidLayer>(name)) {}

namespace nn {

ValueId emit_activation(LayerBuilder& builder, Activation activation, ValueId x) {
  const auto op = ops::activation_op(activation);
  return op ? builder.emit(op, {x}) : x;
}

ValueId ReLULayer::emit(LayerBuilder& builder, ValueId x) const {
  return emit_activation(builder, relu, x);
}
nlohmann::json ReLULayer::config() const {
  return nlohmann::json::object();
}
Layer ReLULayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return ReLU(name);
}

ValueId SoftmaxLayer::emit(LayerBuilder& builder, ValueId x) const {
  return emit_activation(builder, softmax, x);
}
nlohmann::json SoftmaxLayer::config() const {
  return nlohmann::json::object();
}
Layer SoftmaxLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Softmax(name);
}

ValueId TanhLayer::emit(LayerBuilder& builder, ValueId x) const {
  return emit_activation(builder, tanh, x);
}
nlohmann::json TanhLayer::config() const {
  return nlohmann::json::object();
}
Layer TanhLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Tanh(name);
}

ValueId SigmoidLayer::emit(LayerBuilder& builder, ValueId x) const {
  return emit_activation(builder, sigmoid, x);
}
nlohmann::json SigmoidLayer::config() const {
  return nlohmann::json::object();
}
Layer SigmoidLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader(config).finish();
  return Sigmoid(name);
}

}  // namespace nn

}  // namespace tilewise
