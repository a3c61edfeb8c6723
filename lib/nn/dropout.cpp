#include "nn/dropout.hpp"

#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/dropout.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

Dropout::Dropout(double rate, const std::string& name) : Layer(std::make_shared<nn::DropoutLayer>(rate, name)) {}

namespace nn {

DropoutLayer::DropoutLayer(double rate, const std::string& name) : LayerDefinition(name), rate_(rate) {
  if (!(rate >= 0 && rate < 1))
    throw ArgumentError("Dropout: the rate must be at least 0 and below 1, found " + std::to_string(rate));
}

ValueId DropoutLayer::emit(LayerBuilder& builder, ValueId x) const {
  if (builder.mode() == Mode::inference || rate_ == 0) return x;
  return builder.emit(std::make_shared<ops::Dropout>(rate_, builder.seed(), builder.call()), {x, builder.step()});
}

nlohmann::json DropoutLayer::config() const {
  return {{"rate", rate_}};
}

Layer DropoutLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const double rate = reader.number("rate");
  reader.finish();
  return Dropout(rate, name);
}

}  // namespace nn

}  // namespace tilewise
