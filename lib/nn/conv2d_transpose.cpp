#include "nn/conv2d_transpose.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/checked.hpp"
#include "nn/activation.hpp"
#include "nn/config_reader.hpp"
#include "nn/initializers.hpp"
#include "nn/window.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/transpose_weights.hpp"

namespace tilewise {

Conv2DTranspose::Conv2DTranspose(std::int64_t filters, Size2D kernel, const Conv2DTransposeOptions& options)
    : Layer(std::make_shared<nn::Conv2DTransposeLayer>(filters, kernel, options)) {}

namespace nn {

namespace {

/// What one axis cuts off before and after, and what it adds behind.
struct CutAxis {
  std::int64_t before, after, added;

  /// Keras's `valid` and `same`; output_padding -1: not given.
  CutAxis(Padding::Mode mode, std::int64_t size, std::int64_t stride, std::int64_t dilation,
          std::int64_t output_padding) {
    const std::int64_t reach = base::checked_add(base::checked_mul(size - 1, dilation), 1);
    std::int64_t surplus = 0;  // of the whole stamps over the extent that is asked for
    if (output_padding < 0)
      surplus = mode == Padding::Mode::same ? reach - stride : std::min<std::int64_t>(0, reach - stride);
    else
      surplus = mode == Padding::Mode::same ? reach - reach % 2 - output_padding : -output_padding;
    const std::int64_t cut = std::max<std::int64_t>(0, surplus);
    before = cut / 2;
    after = cut - before;
    added = cut - surplus;
  }
};

}  // namespace

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
  const Padding& padding = options_.padding;
  const Size2D given = options_.output_padding.value_or(Size2D(-1));
  const CutAxis rows(padding.mode, kernel_.height, options_.stride.height, options_.dilation.height, given.height);
  const CutAxis columns(padding.mode, kernel_.width, options_.stride.width, options_.dilation.width, given.width);
  ops::Window2D window = resolve_window(image, kernel_, options_.stride, padding, options_.dilation);
  if (padding.mode != Padding::Mode::sides) window.padding = {rows.before, rows.after, columns.before, columns.after};
  const ops::Extent2D added{rows.added, columns.added};
  window.transposed_out({image[0], image[1]}, added);  // refuses what does not fit before there is a parameter
  const ValueId kernel =
      builder.parameter("kernel", {kernel_.height, kernel_.width, filters_, image[2]}, options_.kernel_initializer);
  const ValueId bias = options_.use_bias ? builder.parameter("bias", {filters_}, Initializer::zeros) : no_value;
  const ValueId transposed = builder.emit(std::make_shared<ops::TransposeWeights>(), {kernel});
  const ValueId y = builder.emit(std::make_shared<ops::Conv2DTranspose>(window, added), {x, kernel, transposed, bias});
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
