#include "nn/conv2d_transpose.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "nn/initializers.hpp"
#include "nn/window.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/transpose_weights.hpp"
#include "ops/transposed_window.hpp"

namespace tilewise {

Conv2DTranspose::Conv2DTranspose(std::int64_t filters, Size2D kernel, const Conv2DTransposeOptions& options)
    : Layer(std::make_shared<nn::Conv2DTransposeLayer>(filters, kernel, options)) {}

namespace nn {

Conv2DTransposeLayer::Conv2DTransposeLayer(std::int64_t filters, Size2D kernel, const Conv2DTransposeOptions& options)
    : LayerDefinition(options.name), filters_(filters), kernel_(kernel), options_(options) {
  require_at_least(1, filters, class_name, "filters");
  check_window(kernel, options.stride, options.padding, class_name, "kernel", options.dilation);
  if (options.output_padding)
    require_at_least(0, std::min(options.output_padding->height, options.output_padding->width), class_name,
                     "output_padding");
}

ValueId Conv2DTransposeLayer::emit(LayerBuilder& builder, ValueId x) const {
  const Shape image = require_image(builder.shape(x));
  // Refuses what does not fit before there is a parameter.
  const auto resolved = ops::TransposedWindow::resolve({image[0], image[1]}, kernel_, options_.stride,
                                                       options_.dilation, options_.padding, options_.output_padding);
  const ValueId kernel =
      builder.parameter("kernel", {kernel_.height, kernel_.width, filters_, image[2]}, options_.kernel_initializer);
  const ValueId bias = options_.use_bias ? builder.parameter("bias", {filters_}, Initializer::zeros) : no_value;
  const ValueId transposed = builder.emit(std::make_shared<ops::TransposeWeights>(), {kernel});
  const ValueId y = builder.emit(std::make_shared<ops::Conv2DTranspose>(resolved.window, resolved.added),
                                 {x, kernel, transposed, bias});
  return emit_activation(builder, options_.activation, y);
}

nlohmann::json Conv2DTransposeLayer::config() const {
  return {{"filters", filters_},
          {"kernel_size", to_json(kernel_)},
          {"strides", to_json(options_.stride)},
          {"padding", to_json(options_.padding)},
          {"output_padding", options_.output_padding ? to_json(*options_.output_padding) : nlohmann::json()},
          {"dilation_rate", to_json(options_.dilation)},
          {"activation", activation_name(options_.activation)},
          {"use_bias", options_.use_bias},
          {"kernel_initializer", initializer_name(options_.kernel_initializer)}};
}

Layer Conv2DTransposeLayer::from_config(const std::string& name, const nlohmann::json& config) {
  ConfigReader reader(config);
  const std::int64_t filters = reader.integer("filters");
  const Size2D kernel = reader.size("kernel_size");
  Conv2DTransposeOptions options{.stride = reader.size("strides"),
                                 .padding = reader.padding("padding"),
                                 .dilation = reader.size("dilation_rate"),
                                 .activation = reader.activation("activation"),
                                 .use_bias = reader.boolean("use_bias"),
                                 .kernel_initializer = reader.initializer("kernel_initializer"),
                                 .name = name};
  if (!reader.field("output_padding").is_null()) options.output_padding = reader.size("output_padding");
  reader.finish();
  return Conv2DTranspose(filters, kernel, options);
}

}  // namespace nn

}  // namespace tilewise
