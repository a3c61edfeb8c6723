#include "nn/dense.hpp"

#include <nlohmann/json.hpp>

#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "ops/dense.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

Dense::Dense(std::int64_t units, const DenseOptions& options)
    : Layer(std::make_shared<nn::DenseLayer>(units, options)) {}

namespace nn {

DenseLayer::DenseLayer(std::int64_t units, const DenseOptions& options)
    : LayerDefinition(options.name), units_(units), options_(options) {
  require_at_least(1, units, class_name, "units");
}

ValueId DenseLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape in = builder.shape(x);
  if (in.rank() != 1) throw ShapeError("expected a vector; found " + in.to_string() + " (put a Flatten before it)");
  const ValueId kernel = builder.parameter("kernel", {in[0], units_}, options_.kernel_initializer);
  const ValueId bias = options_.use_bias ? builder.parameter("bias", {units_}, Initializer::zeros) : no_value;
  return emit_activation(builder, options_.activation, builder.emit(std::make_shared<ops::Dense>(), {x, kernel, bias}));
}

nlohmann::json DenseLayer::config() const {
  return {{"units", units_},
          {"activation", activation_name(options_.activation)},
          {"use_bias", options_.use_bias},
          {"kernel_initializer", initializer_name(options_.kernel_initializer)}};
}

Layer DenseLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const std::int64_t units = reader.integer("units");
  const DenseOptions options{.activation = reader.activation("activation"),
                             .use_bias = reader.boolean("use_bias"),
                             .kernel_initializer = reader.initializer("kernel_initializer"),
                             .name = name};
  reader.finish();
  return Dense(units, options);
}

}  // namespace nn

}  // namespace tilewise
