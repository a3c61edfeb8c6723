#include "nn/batch_normalization.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/config_reader.hpp"
#include "ops/batch_norm.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

BatchNormalization::BatchNormalization(const BatchNormalizationOptions& options)
    : Layer(std::make_shared<nn::BatchNormalizationLayer>(options)) {}

namespace nn {

BatchNormalizationLayer::BatchNormalizationLayer(const BatchNormalizationOptions& options)
    : LayerDefinition(options.name), options_(options) {
  if (!(options.momentum >= 0 && options.momentum <= 1))
    throw ArgumentError("BatchNormalization: the momentum must be within 0 and 1, found " +
                        std::to_string(options.momentum));
  if (!(options.epsilon > 0) || !std::isfinite(options.epsilon))
    throw ArgumentError("BatchNormalization: epsilon must be finite and above 0, found " +
                        std::to_string(options.epsilon));
}

ValueId BatchNormalizationLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape in = builder.shape(x), channels{in[in.rank() - 1]};
  const ValueId gamma = options_.scale ? builder.parameter("gamma", channels, Initializer::ones) : no_value;
  const ValueId beta = options_.center ? builder.parameter("beta", channels, Initializer::zeros) : no_value;
  const ValueId mean = builder.parameter("moving_mean", channels, Initializer::zeros, false);
  const ValueId variance = builder.parameter("moving_variance", channels, Initializer::ones, false);
  if (builder.mode() == Mode::inference)
    return builder.emit(std::make_shared<ops::BatchNormInference>(options_.epsilon), {x, gamma, beta, mean, variance});
  const auto outputs = builder.emit_all(std::make_shared<ops::BatchNorm>(options_.epsilon), {x, gamma, beta});
  const auto average = std::make_shared<ops::MovingAverage>(options_.momentum);
  builder.emit_all(average, {mean, outputs[1]});
  builder.emit_all(average, {variance, outputs[2]});
  return outputs[0];
}

nlohmann::json BatchNormalizationLayer::config() const {
  return {{"momentum", options_.momentum},
          {"epsilon", options_.epsilon},
          {"center", options_.center},
          {"scale", options_.scale}};
}

Layer BatchNormalizationLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const BatchNormalizationOptions options{.momentum = reader.number("momentum"),
                                          .epsilon = reader.number("epsilon"),
                                          .center = reader.boolean("center"),
                                          .scale = reader.boolean("scale"),
                                          .name = name};
  reader.finish();
  return BatchNormalization(options);
}

}  // namespace nn

}  // namespace tilewise
