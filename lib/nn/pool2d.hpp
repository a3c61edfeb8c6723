#pragma once

#include "nn/layer.hpp"
#include "ops/window2d.hpp"

namespace tilewise::nn {

/// What max- and average-pooling share; they differ in the op.
class Pool2DLayer : public LayerDefinition {
 public:
  ValueId emit(LayerBuilder& builder, ValueId x) const final;
  nlohmann::json config() const override;

 protected:
  struct Geometry {
    Size2D window, stride;  ///< a stride of 0: the window's size
    Padding padding;
    bool ceil_mode;
  };
  Pool2DLayer(const std::string& name, const Geometry& geometry, std::string_view kind);
  /// `padding`: the layer's own, to which ceil_mode may have added in `window`.
  virtual std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window, const ops::Sides& padding) const = 0;

 private:
  Geometry geometry_;
};

class MaxPool2DLayer final : public Pool2DLayer {
 public:
  static constexpr std::string_view class_name = "MaxPooling2D";
  MaxPool2DLayer(Size2D window, const MaxPool2DOptions& options)
      : Pool2DLayer(options.name, {window, options.stride, options.padding, options.ceil_mode}, class_name) {}
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window, const ops::Sides& padding) const override;
};

class AveragePool2DLayer final : public Pool2DLayer {
 public:
  static constexpr std::string_view class_name = "AveragePooling2D";
  AveragePool2DLayer(Size2D window, const AveragePool2DOptions& options)
      : Pool2DLayer(options.name, {window, options.stride, options.padding, options.ceil_mode}, class_name),
        count_include_pad_(options.count_include_pad) {}
  static Layer from_config(const std::string& name, const nlohmann::json& config);
  std::string_view kind() const noexcept override { return class_name; }
  nlohmann::json config() const override;

 private:
  std::shared_ptr<const ops::Op> make_op(const ops::Window2D& window, const ops::Sides& padding) const override;

  bool count_include_pad_;
};

}  // namespace tilewise::nn
