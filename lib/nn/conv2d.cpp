#include "nn/conv2d.hpp"

#include <nlohmann/json.hpp>

#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "nn/window.hpp"
#include "ops/conv2d.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

Conv2D::Conv2D(std::int64_t filters, Size2D kernel, const Conv2DOptions& options)
    : Layer(std::make_shared<nn::Conv2DLayer>(filters, kernel, options)) {}

namespace nn {

Conv2DLayer::Conv2DLayer(std::int64_t filters, Size2D kernel, const Conv2DOptions& options)
    : LayerDefinition(options.name), filters_(filters), kernel_(kernel), options_(options) {
  require_at_least(1, filters, class_name, "filters");
  require_at_least(1, options.groups, class_name, "groups");
  if (filters % options.groups != 0)
    throw ArgumentError("Conv2D: " + std::to_string(options.groups) + " groups of " + std::to_string(filters) +
                        " filters; expected groups that divide them");
  check_window(kernel, options.stride, options.padding, class_name, "kernel", options.dilation);
}

ValueId Conv2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape image = require_image(builder.shape(x));
  const ops::Window2D window = resolve_window(image, kernel_, options_.stride, options_.padding, options_.dilation);
  window.out({image[0], image[1]});  // refuses a kernel that does not fit before it becomes a parameter
  const std::int64_t groups = options_.groups;
  if (image[2] % groups != 0)
    throw ShapeError(std::to_string(groups) + " groups of " + std::to_string(image[2]) +
                     " input channels; expected groups that divide them");
  const ValueId kernel = builder.parameter("kernel", {kernel_.height, kernel_.width, image[2] / groups, filters_},
                                           options_.kernel_initializer, true, groups);
  const ValueId bias =
      options_.use_bias ? builder.parameter("bias", {filters_}, Initializer::zeros, true, groups) : no_value;
  const auto op = std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = window, .groups = groups});
  const ValueId y = builder.emit(op, {x, kernel, bias});
  return emit_activation(builder, options_.activation, y);
}

nlohmann::json Conv2DLayer::config() const {
  return {{"filters", filters_},
          {"kernel_size", to_json(kernel_)},
          {"strides", to_json(options_.stride)},
          {"padding", to_json(options_.padding)},
          {"dilation_rate", to_json(options_.dilation)},
          {"groups", options_.groups},
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
                              .dilation = reader.size("dilation_rate"),
                              .groups = reader.integer("groups"),
                              .activation = reader.activation("activation"),
                              .use_bias = reader.boolean("use_bias"),
                              .kernel_initializer = reader.initializer("kernel_initializer"),
                              .name = name};
  reader.finish();
  return Conv2D(filters, kernel, options);
}

}  // namespace nn

}  // namespace tilewise
