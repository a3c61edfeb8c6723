#include "nn/conv2d.hpp"

#include <nlohmann/json.hpp>

#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "nn/window.hpp"
#include "ops/conv2d.hpp"

namespace tilewise {

Conv2D::Conv2D(std::int64_t filters, Size2D kernel, const Conv2DOptions& options)
    : Layer(std::make_shared<nn::Conv2DLayer>(filters, kernel, options)) {}

namespace nn {

Conv2DLayer::Conv2DLayer(std::int64_t filters, Size2D kernel, const Conv2DOptions& options)
    : LayerDefinition(options.name), filters_(filters), kernel_(kernel), options_(options) {
  require_at_least(1, filters, class_name, "filters");
  check_window(kernel, options.stride, options.padding, class_name, "kernel");
}

ValueId Conv2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape image = require_image(builder.shape(x));
  const ops::Window2D window = resolve_window(image, kernel_, options_.stride, options_.padding);
  window.out({image[0], image[1]});  // refuses a kernel that does not fit before it becomes a parameter
  const ValueId kernel =
      builder.parameter("kernel", {kernel_.height, kernel_.width, image[2], filters_}, options_.kernel_initializer);
  const ValueId bias = options_.use_bias ? builder.parameter("bias", {filters_}, Initializer::zeros) : no_value;
  const ValueId y =
      builder.emit(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = window}), {x, kernel, bias});
  return emit_activation(builder, options_.activation, y);
}

nlohmann::json Conv2DLayer::config() const {
  return {{"filters", filters_},
          {"kernel_size", to_json(kernel_)},
          {"strides", to_json(options_.stride)},
          {"padding", to_json(options_.padding)},
          {"activation", activation_name(options_.activation)},
          {"use_bias", options_.use_bias},
          {"kernel_initializer", initializer_name(options_.kernel_initializer)}};
}

Layer Conv2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const std::int64_t filters = reader.integer("filters");
  const Size2D kernel = reader.size("kernel_size");
  const Conv2DOptions options{.stride = reader.size("strides"),
                              .padding = reader.padding("padding"),
                              .activation = reader.activation("activation"),
                              .use_bias = reader.boolean("use_bias"),
                              .kernel_initializer = reader.initializer("kernel_initializer"),
                              .name = name};
  reader.finish();
  return Conv2D(filters, kernel, options);
}

}  // namespace nn

}  // namespace tilewise
