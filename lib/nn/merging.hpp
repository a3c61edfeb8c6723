#pragma once

#include "nn/layer.hpp"

/// Layers of several inputs.
namespace tilewise::nn {

class AddLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Add";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const override;
  nlohmann::json config() const override;
};

class ConcatenateLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Concatenate";
  using LayerDefinition::LayerDefinition;
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const override;
  nlohmann::json config() const override;
};

}  // namespace tilewise::nn
