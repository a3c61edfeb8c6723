#pragma once

#include "nn/layer.hpp"

namespace tilewise::nn {

class Conv2DTransposeLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "Conv2DTranspose";
  Conv2DTransposeLayer(std::int64_t filters, Size2D kernel, const Conv2DTransposeOptions& options);
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;

 private:
  std::int64_t filters_;
  Size2D kernel_;
  Conv2DTransposeOptions options_;
};

}  // namespace tilewise::nn
