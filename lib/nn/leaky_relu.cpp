#include "nn/leaky_relu.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/activation.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

LeakyReLU::LeakyReLU(double slope, const std::string& name)
    : Layer(std::make_shared<nn::LeakyReLULayer>(slope, name)) {}

namespace nn {

LeakyReLULayer::LeakyReLULayer(double slope, const std::string& name) : LayerDefinition(name), slope_(slope) {
  if (!(slope >= 0 && std::isfinite(slope)))
    throw ArgumentError("LeakyReLU: the slope must be finite and at least 0, found " + std::to_string(slope));
}

ValueId LeakyReLULayer::emit(LayerBuilder& builder, ValueId x) const {
  return builder.emit(std::make_shared<ops::LeakyRelu>(slope_), {x});
}

nlohmann::json LeakyReLULayer::config() const {
  return {{"negative_slope", slope_}};
}

Layer LeakyReLULayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const double slope = reader.number("negative_slope");
  reader.finish();
  return LeakyReLU(slope, name);
}

}  // namespace nn

}  // namespace tilewise
