#pragma once

#include "nn/layer.hpp"

namespace tilewise::nn {

class DenseLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Dense";
  DenseLayer(std::int64_t units, const DenseOptions& options);
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;

 private:
  std::int64_t units_;
  DenseOptions options_;
};

}  // namespace tilewise::nn
