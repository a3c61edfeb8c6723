#pragma once

#include "nn/layer.hpp"
#include "ops/window2d.hpp"

namespace tilewise::nn {

/// What max- and average-pooling share; they differ in the op.
class Pool2DLayer : public LayerDefinition {
 public:
  Pool2DLayer(Size2D window, const Pool2DOptions& options, std::string_view kind);

  ValueId emit(LayerBuilder& builder, ValueId x) const final;
  nlohmann::json config() const final;

 protected:
  virtual std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const = 0;

 private:
  Size2D window_;
  Size2D stride_;
  Padding padding_;
};

class MaxPool2DLayer final : public Pool2DLayer {
 public:
  static constexpr std::string_view class_name = "MaxPooling2D";
  MaxPool2DLayer(Size2D window, const Pool2DOptions& options) : Pool2DLayer(window, options, class_name) {}
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const override;
};

class AveragePool2DLayer final : public Pool2DLayer {
 public:
  static constexpr std::string_view class_name = "AveragePooling2D";
  AveragePool2DLayer(Size2D window, const Pool2DOptions& options) : Pool2DLayer(window, options, class_name) {}
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window) const override;
};

}  // namespace tilewise::nn
