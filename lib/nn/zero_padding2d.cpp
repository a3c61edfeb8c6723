#include "nn/zero_padding2d.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/pad2d.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

ZeroPadding2D::ZeroPadding2D(const Padding& padding, const std::string& name)
    : Layer(std::make_shared<nn::ZeroPadding2DLayer>(padding, name)) {}

namespace nn {

ZeroPadding2DLayer::ZeroPadding2DLayer(const Padding& padding, const std::string& name)
    : LayerDefinition(name), padding_(padding) {
  if (padding.mode != Padding::Mode::sides)
    throw ArgumentError("ZeroPadding2D: found padding 'valid' or 'same'; expected {top, bottom, left, right}");
  require_at_least(0, std::min({padding.top, padding.bottom, padding.left, padding.right}), class_name, "padding");
}

ValueId ZeroPadding2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  require_image(builder.shape(x));
  return builder.emit(
      std::make_shared<ops::Pad2D>(ops::Sides{padding_.top, padding_.bottom, padding_.left, padding_.right}), {x});
}

nlohmann::json ZeroPadding2DLayer::config() const {
  return {{"padding", to_json(padding_)}};
}

Layer ZeroPadding2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const Padding padding = reader.padding("padding");
  reader.finish();
  return ZeroPadding2D(padding, name);
}

}  // namespace nn

}  // namespace tilewise
