#include "nn/depthwise_conv2d.hpp"

#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "nn/window.hpp"
#include "ops/depthwise_conv2d.hpp"

namespace tilewise {

DepthwiseConv2D::DepthwiseConv2D(Size2D kernel, const DepthwiseConv2DOptions& options)
    : Layer(std::make_shared<nn::DepthwiseConv2DLayer>(kernel, options)) {}

namespace nn {

DepthwiseConv2DLayer::DepthwiseConv2DLayer(Size2D kernel, const DepthwiseConv2DOptions& options)
    : LayerDefinition(options.name), kernel_(kernel), options_(options) {
  require_at_least(1, options.depth_multiplier, class_name, "depth_multiplier");
  check_window(kernel, options.stride, options.padding, class_name, "kernel", options.dilation);
}

ValueId DepthwiseConv2DLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape image = require_image(builder.shape(x));
  const ops::Window2D window = resolve_window(image, kernel_, options_.stride, options_.padding, options_.dilation);
  window.out({image[0], image[1]});  // refuses a kernel that does not fit before it becomes a parameter
  const std::int64_t times = options_.depth_multiplier, channels = base::checked_mul(image[2], times);
  const ValueId kernel = builder.parameter({.name = "kernel",
                                            .shape = {kernel_.height, kernel_.width, image[2], times},
                                            .initializer = options_.depthwise_initializer,
                                            .stored_shape = {kernel_.height, kernel_.width, channels}});
  const ValueId bias = options_.use_bias ? builder.parameter("bias", {channels}, Initializer::zeros) : no_value;
  const ValueId y = builder.emit(std::make_shared<ops::DepthwiseConv2D>(window), {x, kernel, bias});
  return emit_activation(builder, options_.activation, y);
}

nlohmann::json DepthwiseConv2DLayer::config() const {
  return {{"kernel_size", to_json(kernel_)},
          {"strides", to_json(options_.stride)},
          {"padding", to_json(options_.padding)},
          {"dilation_rate", to_json(options_.dilation)},
          {"depth_multiplier", options_.depth_multiplier},
          {"activation", activation_name(options_.activation)},
          {"use_bias", options_.use_bias},
          {"depthwise_initializer", initializer_name(options_.depthwise_initializer)}};
}

Layer DepthwiseConv2DLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const Size2D kernel = reader.size("kernel_size");
  const DepthwiseConv2DOptions options{.stride = reader.size("strides"),
                                       .padding = reader.padding("padding"),
                                       .dilation = reader.size("dilation_rate"),
                                       .depth_multiplier = reader.integer("depth_multiplier"),
                                       .activation = reader.activation("activation"),
                                       .use_bias = reader.boolean("use_bias"),
                                       .depthwise_initializer = reader.initializer("depthwise_initializer"),
                                       .name = name};
  reader.finish();
  return DepthwiseConv2D(kernel, options);
}

}  // namespace nn

}  // namespace tilewise
