#include "nn/pool2d.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "nn/window.hpp"
#include "ops/pool2d.hpp"

namespace tilewise {

MaxPool2D::MaxPool2D(Size2D window, const Pool2DOptions& options)
    : Layer(std::make_shared<nn::MaxPool2DLayer>(window, options)) {}

AveragePool2D::AveragePool2D(Size2D window, const Pool2DOptions& options)
    : Layer(std::make_shared<nn::AveragePool2DLayer>(window, options)) {}

namespace nn {

namespace {

struct PoolConfig {
  Size2D window;
  Pool2DOptions options;
};

PoolConfig read_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const Size2D window = reader.size("pool_size");
  const Pool2DOptions options{.stride = reader.size("strides"), .padding = reader.padding("padding"), .name = name};
  reader.finish();
  return {window, options};
}

}  // namespace

Pool2DLayer::Pool2DLayer(Size2D window, const Pool2DOptions& options, std::string_view kind)
    : LayerDefinition(options.name),
      window_(window),
      stride_(options.stride == Size2D(0) ? window : options.stride),
      padding_(options.padding) {
  check_window(window_, stride_, padding_, kind, "window");
}

ValueId Pool2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape& image = require_image(builder.shape(x));
  return builder.emit(make_op(resolve_window(image, window_, stride_, padding_)), {x});
}

nlohmann::json Pool2DLayer::config() const {
  return {{"pool_size", to_json(window_)}, {"strides", to_json(stride_)}, {"padding", to_json(padding_)}};
}

std::shared_ptr<const ops::Op> MaxPool2DLayer::make_op(const ops::Window2D& window) const {
  return std::make_shared<ops::MaxPool2D>(window);
}

Layer MaxPool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  const auto [window, options] = read_config(name, config);
  return MaxPool2D(window, options);
}

std::shared_ptr<const ops::Op> AveragePool2DLayer::make_op(const ops::Window2D& window) const {
  return std::make_shared<ops::AveragePool2D>(window);
}

Layer AveragePool2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  const auto [window, options] = read_config(name, config);
  return AveragePool2D(window, options);
}

}  // namespace nn

}  // namespace tilewise
