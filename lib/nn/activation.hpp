#pragma once

#include "nn/layer.hpp"

namespace tilewise::nn {

/// Adds the activation as an op of its own, which the plan may fuse; returns x for linear.
ValueId emit_activation(LayerBuilder& builder, Activation activation, ValueId x);

class ReLULayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "ReLU";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;
};

class SoftmaxLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Softmax";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;
};

class TanhLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Tanh";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;
};

class SigmoidLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Sigmoid";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;
};

}  // namespace tilewise::nn
