#include "nn/pool2d.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "nn/window.hpp"
#include "ops/pool2d.hpp"

namespace tilewise {

MaxPool2D::MaxPool2D(Size2D window, const MaxPool2DOptions& options)
    : Layer(std::make_shared<nn::MaxPool2DLayer>(window, options)) {}

AveragePool2D::AveragePool2D(Size2D window, const AveragePool2DOptions& options)
    : Layer(std::make_shared<nn::AveragePool2DLayer>(window, options)) {}

namespace nn {

Pool2DLayer::Pool2DLayer(const std::string& name, const Geometry& geometry, std::string_view kind)
    : LayerDefinition(name), geometry_(geometry) {
  if (geometry_.stride == Size2D(0)) geometry_.stride = geometry_.window;
  check_window(geometry_.window, geometry_.stride, geometry_.padding, kind, "window");
}

ValueId Pool2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape& image = require_image(builder.shape(x));
  ops::Window2D window = resolve_window(image, geometry_.window, geometry_.stride, geometry_.padding);
  const ops::Sides padding = window.padding;
  if (geometry_.ceil_mode) window.padding = window.ceil_padding({image[0], image[1]});
  return builder.emit(make_op(window, padding), {x});
}

nlohmann::json Pool2DLayer::config() const {
  return {{"pool_size", to_json(geometry_.window)},
          {"strides", to_json(geometry_.stride)},
          {"padding", to_json(geometry_.padding)},
          {"ceil_mode", geometry_.ceil_mode}};
}

std::shared_ptr<const ops::Op> MaxPool2DLayer::make_op(const ops::Window2D& window, const ops::Sides&) const {
  return std::make_shared<ops::MaxPool2D>(window);
}

Layer MaxPool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const Size2D window = reader.size("pool_size");
  const MaxPool2DOptions options{.stride = reader.size("strides"),
                                 .padding = reader.padding("padding"),
                                 .ceil_mode = reader.boolean("ceil_mode"),
                                 .name = name};
  reader.finish();
  return MaxPool2D(window, options);
}

std::shared_ptr<const ops::Op> AveragePool2DLayer::make_op(const ops::Window2D& window,
                                                           const ops::Sides& padding) const {
  return std::make_shared<ops::AveragePool2D>(window, count_include_pad_ ? padding : ops::Sides{});
}

nlohmann::json AveragePool2DLayer::config() const {
  nlohmann::json config = Pool2DLayer::config();
  config["count_include_pad"] = count_include_pad_;
  return config;
}

Layer AveragePool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const Size2D window = reader.size("pool_size");
  const AveragePool2DOptions options{.stride = reader.size("strides"),
                                     .padding = reader.padding("padding"),
                                     .ceil_mode = reader.boolean("ceil_mode"),
                                     .count_include_pad = reader.boolean("count_include_pad"),
                                     .name = name};
  reader.finish();
  return AveragePool2D(window, options);
}

}  // namespace nn

}  // namespace tilewise
