#pragma once

#include "nn/layer.hpp"

namespace tilewise::nn {

class LeakyReLULayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "LeakyReLU";
  LeakyReLULayer(double slope, const std::string& name);
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;

 private:
  double slope_;
};

}  // namespace tilewise::nn
