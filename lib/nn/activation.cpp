#include "nn/activation.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/activation.hpp"
#include "ops/classification.hpp"
#include "ops/elementwise.hpp"

namespace tilewise {

ReLU::ReLU(const std::string& name) : Layer(std::make_shared<nn::ReLULayer>(name)) {}
Softmax::Softmax(const std::string& name) : Layer(std::make_shared<nn::SoftmaxLayer>(name)) {}
Tanh::Tanh(const std::string& name) : Layer(std::make_shared<nn::TanhLayer>(name)) {}
Sigmoid::Sigmoid(const std::string& name) : Layer(std::make_shared<nn::SigmoidLayer>(name)) {}

namespace nn {

ValueId emit_activation(LayerBuilder& builder, Activation activation, ValueId x) {
  switch (activation) {
    case Activation::relu:
      return builder.emit(std::make_shared<ops::Relu>(), {x});
    case Activation::softmax:
      return builder.emit(std::make_shared<ops::Softmax>(), {x});
    case Activation::tanh:
      return builder.emit(std::make_shared<ops::Tanh>(), {x});
    case Activation::sigmoid:
      return builder.emit(std::make_shared<ops::Sigmoid>(), {x});
    case Activation::linear:
      break;
  }
  return x;
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
