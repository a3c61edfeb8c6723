#include "nn/layer_cases.hpp"

namespace tilewise::test {

namespace {

Activation activation(Pick& pick) {
  constexpr Activation all[] = {linear, relu, Activation::tanh, sigmoid};
  return all[pick(0, 3)];
}
Size2D extent(Pick& pick, std::int64_t low, std::int64_t high) {
  return {pick(low, high), pick(low, high)};
}
/// Sides up to `most`, each axis its own.
Padding padding(Pick& pick, Size2D most) {
  const std::int64_t which = pick(0, 2);
  if (which == 0) return valid;
  if (which == 1) return same;
  return {pick(0, most.height), pick(0, most.height), pick(0, most.width), pick(0, most.width)};
}
double tenths(Pick& pick, std::int64_t low, std::int64_t high) {
  return static_cast<double>(pick(low, high)) / 10;
}

Tensor draw_conv2d(Pick& pick, const Tensor& x) {
  const std::int64_t channels = x.shape()[2], groups = pick.flag() ? 1 : channels;
  return Conv2D(groups * pick(1, 3), extent(pick, 1, 3),
                {.stride = extent(pick, 1, 2),
                 .padding = padding(pick, 2),
                 .dilation = extent(pick, 1, 2),
                 .groups = groups,
                 .activation = activation(pick),
                 .use_bias = pick.flag()})(x);
}
Tensor draw_depthwise_conv2d(Pick& pick, const Tensor& x) {
  return DepthwiseConv2D(extent(pick, 1, 3), {.stride = extent(pick, 1, 2),
                                              .padding = padding(pick, 2),
                                              .dilation = extent(pick, 1, 2),
                                              .depth_multiplier = pick(1, 3),
                                              .activation = activation(pick),
                                              .use_bias = pick.flag()})(x);
}
Tensor draw_conv2d_transpose(Pick& pick, const Tensor& x) {
  const Size2D stride = extent(pick, 1, 2), dilation = extent(pick, 1, 2);
  std::optional<Size2D> added;
  if (pick.flag())
    added = Size2D(pick(0, std::max(stride.height, dilation.height) - 1),
                   pick(0, std::max(stride.width, dilation.width) - 1));
  return Conv2DTranspose(pick(1, 3), extent(pick, 1, 3),
                         {.stride = stride,
                          .padding = padding(pick, 1),
                          .output_padding = added,
                          .dilation = dilation,
                          .activation = activation(pick),
                          .use_bias = pick.flag()})(x);
}

Tensor draw_max_pool2d(Pick& pick, const Tensor& x) {
  const Size2D window = extent(pick, 1, 3);
  return MaxPool2D(window, {.stride = extent(pick, 1, 3),
                            .padding = padding(pick, {window.height - 1, window.width - 1}),
                            .ceil_mode = pick.flag()})(x);
}
Tensor draw_average_pool2d(Pick& pick, const Tensor& x) {
  const Size2D window = extent(pick, 1, 3);
  return AveragePool2D(window, {.stride = extent(pick, 1, 3),
                                .padding = padding(pick, {window.height - 1, window.width - 1}),
                                .ceil_mode = pick.flag(),
                                .count_include_pad = pick.flag()})(x);
}
Tensor draw_global_average_pool2d(Pick&, const Tensor& x) {
  return GlobalAveragePool2D()(x);
}
Tensor draw_global_max_pool2d(Pick&, const Tensor& x) {
  return GlobalMaxPool2D()(x);
}
Tensor draw_flatten(Pick&, const Tensor& x) {
  return Flatten()(x);
}
Tensor draw_zero_padding2d(Pick& pick, const Tensor& x) {
  return ZeroPadding2D({pick(0, 2), pick(0, 2), pick(0, 2), pick(0, 2)})(x);
}

Tensor draw_dense(Pick& pick, const Tensor& x) {
  return Dense(pick(1, 7), {.activation = activation(pick), .use_bias = pick.flag()})(Flatten()(x));
}

Tensor draw_relu(Pick&, const Tensor& x) {
  return ReLU()(x);
}
Tensor draw_leaky_relu(Pick& pick, const Tensor& x) {
  return LeakyReLU(tenths(pick, 0, 15))(x);
}
Tensor draw_tanh(Pick&, const Tensor& x) {
  return Tanh()(x);
}
Tensor draw_sigmoid(Pick&, const Tensor& x) {
  return Sigmoid()(x);
}
Tensor draw_softmax(Pick& pick, const Tensor& x) {
  return Softmax()(Dense(pick(2, 6))(Flatten()(x)));
}

/// x and one or two images of its shape.
std::vector<Tensor> alike(Pick& pick, const Tensor& x) {
  std::vector<Tensor> inputs{x, Conv2D(x.shape()[2], extent(pick, 1, 2), {.padding = same})(x)};
  if (pick.flag()) inputs.push_back(inputs[static_cast<std::size_t>(pick(0, 1))]);
  return inputs;
}
Tensor draw_add(Pick& pick, const Tensor& x) {
  return Add().call(alike(pick, x));
}
Tensor draw_concatenate(Pick& pick, const Tensor& x) {
  std::vector<Tensor> inputs = alike(pick, x);
  inputs.push_back(Conv2D(pick(1, 3), 1)(x));
  return Concatenate().call(inputs);
}
Tensor draw_dropout(Pick& pick, const Tensor& x) {
  return Dropout(tenths(pick, 0, 6))(x);
}
Tensor draw_batch_normalization(Pick& pick, const Tensor& x) {
  return BatchNormalization({.momentum = tenths(pick, 0, 10),
                             .epsilon = tenths(pick, 1, 5) / 10,
                             .center = pick.flag(),
                             .scale = pick.flag()})(x);
}

/// Probabilities by a softmax or a sigmoid, or, where they are asked for, logits.
Tensor scores(Pick& pick, const Tensor& x, std::int64_t classes, bool are_logits) {
  const Activation end = are_logits ? linear : pick.flag() ? softmax : sigmoid;
  return Dense(classes, {.activation = end})(Flatten()(x));
}
LossCase draw_sparse_categorical(Pick& pick, const Tensor& x, std::int64_t classes) {
  const bool from_logits = pick.flag();
  return {SparseCategoricalCrossentropy{from_logits, tenths(pick, 0, 9)}, scores(pick, x, classes, from_logits)};
}
LossCase draw_categorical(Pick& pick, const Tensor& x, std::int64_t classes) {
  const bool from_logits = pick.flag();
  return {CategoricalCrossentropy{from_logits, tenths(pick, 0, 9)}, scores(pick, x, classes, from_logits)};
}
LossCase draw_mean_squared(Pick& pick, const Tensor& x, std::int64_t classes) {
  return {MeanSquaredError{}, pick.flag() ? x : scores(pick, x, classes, pick.flag())};
}

}  // namespace

const std::vector<DrawnLayer>& every_layer() {
  static const std::vector<DrawnLayer> all{{"Conv2D", draw_conv2d},
                                           {"DepthwiseConv2D", draw_depthwise_conv2d},
                                           {"Conv2DTranspose", draw_conv2d_transpose},
                                           {"MaxPooling2D", draw_max_pool2d},
                                           {"AveragePooling2D", draw_average_pool2d},
                                           {"GlobalAveragePooling2D", draw_global_average_pool2d},
                                           {"GlobalMaxPooling2D", draw_global_max_pool2d},
                                           {"Flatten", draw_flatten},
                                           {"ZeroPadding2D", draw_zero_padding2d},
                                           {"Dense", draw_dense},
                                           {"ReLU", draw_relu},
                                           {"LeakyReLU", draw_leaky_relu},
                                           {"Tanh", draw_tanh},
                                           {"Sigmoid", draw_sigmoid},
                                           {"Softmax", draw_softmax},
                                           {"Add", draw_add},
                                           {"Concatenate", draw_concatenate},
                                           {"Dropout", draw_dropout},
                                           {"BatchNormalization", draw_batch_normalization}};
  return all;
}

const std::vector<DrawnLoss>& every_loss() {
  static const std::vector<DrawnLoss> all{{"SparseCategoricalCrossentropy", draw_sparse_categorical},
                                          {"CategoricalCrossentropy", draw_categorical},
                                          {"MeanSquaredError", draw_mean_squared}};
  return all;
}

Tensor draw_image(Pick& pick, const Tensor& x) {
  return Conv2D(pick(1, 3), extent(pick, 1, 2), {.padding = same, .activation = activation(pick)})(x);
}

Tensor draw_branches(Pick& pick, const Tensor& x) {
  const std::int64_t channels = pick(1, 3);
  Tensor a = Conv2D(channels, extent(pick, 1, 3), {.padding = same, .activation = activation(pick)})(x);
  const Conv2D shared(channels, extent(pick, 1, 2), {.padding = same, .activation = activation(pick)});
  Tensor b = shared(pick.flag() ? shared(a) : a);
  if (pick.flag()) b = draw_batch_normalization(pick, b);
  const Tensor sum = pick.flag() ? Add()(a, b) : Add()(a, b, Conv2D(channels, 1)(x));
  const Tensor left =
      pick.flag() ? Tensor(MaxPool2D(2, {.padding = same})(sum)) : Tensor(AveragePool2D(2, {.padding = same})(sum));
  const Tensor right = Conv2D(pick(1, 3), 2, {.stride = 2, .padding = same, .activation = activation(pick)})(
      pick.flag() ? sum : draw_dropout(pick, a));
  const Tensor joined = Concatenate()(left, right);
  return pick.flag() ? Tensor(GlobalAveragePool2D()(joined)) : joined;
}

}  // namespace tilewise::test
