#pragma once

#include "nn/layer.hpp"

namespace tilewise::nn {

class DepthwiseConv2DLayer final : public LayerDefinition {
 public:
  static constexpr std::string_view class_name = "DepthwiseConv2D";
  DepthwiseConv2DLayer(Size2D kernel, const DepthwiseConv2DOptions& options);
  static Layer from_config(const std::string& name, const nlohmann::json& config);

  std::string_view kind() const noexcept override { return class_name; }
  ValueId emit(LayerBuilder& builder, ValueId x) const override;
  nlohmann::json config() const override;

 private:
  Size2D kernel_;
  DepthwiseConv2DOptions options_;
};

}  // namespace tilewise::nn
