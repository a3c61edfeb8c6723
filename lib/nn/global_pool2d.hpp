#pragma once

#include "nn/layer.hpp"
#include "ops/window2d.hpp"

namespace tilewise::nn {

/// What global average- and max-pooling share; they differ in the op.
class GlobalPool2DLayer : public LayerDefinition {
 public:
  using LayerDefinition::LayerDefinition;

  ValueId emit(LayerBuilder& builder, ValueId x) const final;
  nlohmann::json config() const final;

 protected:
  virtual std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const = 0;
};

class GlobalAveragePool2DLayer final : public GlobalPool2DLayer {
 public:
  static constexpr std::string_view class_name = "GlobalAveragePooling2D";
  using GlobalPool2DLayer::GlobalPool2DLayer;
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const override;
};

class GlobalMaxPool2DLayer final : public GlobalPool2DLayer {
 public:
  static constexpr std::string_view class_name = "GlobalMaxPooling2D";
  using GlobalPool2DLayer::GlobalPool2DLayer;
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const override;
};

}  // namespace tilewise::nn
