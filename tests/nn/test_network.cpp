#include <cmath>

#include "nn/architecture.hpp"
#include "nn/networks.hpp"
#include "nn/summary.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Shape output_of(const Layer& layer, const Shape& input) {
  return nn::Network({layer}, input).output_shape();
}

template <class E, class F>
std::string message_of(const F& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// One of each kind, with options that are not the defaults.
std::vector<Layer> every_layer() {
  return {Conv2D(3, {4, 2},
                 {.stride = {2, 1},
                  .padding = {1, 2, 3, 0},
                  .activation = relu,
                  .use_bias = false,
                  .kernel_initializer = glorot_normal,
                  .name = "first"}),
          Conv2D(4, 3, {.padding = same, .dilation = {2, 3}}),
          Conv2D(6, 1, {.groups = 2}),
          Conv2DTranspose(2, 1),
          Conv2DTranspose(3, {2, 3},
                          {.stride = {2, 1},
                           .padding = {1, 0, 2, 1},
                           .output_padding = Size2D(1, 0),
                           .dilation = {1, 2},
                           .activation = relu,
                           .use_bias = false,
                           .kernel_initializer = he_normal,
                           .name = "enlarge"}),
          DepthwiseConv2D(1),
          DepthwiseConv2D({2, 1}, {.stride = {1, 2},
                                   .padding = {1, 0, 2, 3},
                                   .dilation = {2, 1},
                                   .depth_multiplier = 3,
                                   .activation = relu,
                                   .use_bias = false,
                                   .depthwise_initializer = he_uniform,
                                   .name = "apart"}),
          MaxPool2D({3, 2}, {.stride = {1, 2}, .padding = same, .ceil_mode = true, .name = "largest"}),
          AveragePool2D(),
          AveragePool2D(2, {.stride = 1, .padding = {1, 0, 0, 1}, .count_include_pad = true}),
          ReLU("rectify"),
          LeakyReLU(0.125, "leak"),
          Conv2D(3, 1, {.activation = Activation::tanh}),
          Sigmoid(),
          Tanh("squash"),
          ZeroPadding2D({1, 0, 2, 3}),
          Dropout(0.25, "thin"),
          BatchNormalization(),
          BatchNormalization({.momentum = 0.5, .epsilon = 0.125, .center = false, .scale = false, .name = "norm"}),
          Flatten(),
          Dense(7, {.activation = relu, .use_bias = false, .kernel_initializer = he_normal}),
          Dense(6, {.activation = sigmoid}),
          Dense(4, {.name = "scores"}),
          Softmax()};
}

}  // namespace

TEST_CASE("the notebook's network has 896,906 parameters, and a summary as in Keras", "[nn]") {
  const nn::Network network(notebook_layers(), {28, 28, 1});
  CHECK(network.parameter_count() == 896'906);
  CHECK(network.output_shape() == Shape{10});
  CHECK(nn::summary(network) ==
        " Layer (type)                     Output Shape         Param #\n"
        "================================================================\n"
        " conv2d (Conv2D)                  (None, 28, 28, 32)   320\n"
        " max_pooling2d (MaxPooling2D)     (None, 14, 14, 32)   0\n"
        " conv2d_1 (Conv2D)                (None, 14, 14, 64)   18,496\n"
        " max_pooling2d_1 (MaxPooling2D)   (None, 7, 7, 64)     0\n"
        " conv2d_2 (Conv2D)                (None, 7, 7, 128)    73,856\n"
        " flatten (Flatten)                (None, 6272)         0\n"
        " dense (Dense)                    (None, 128)          802,944\n"
        " dense_1 (Dense)                  (None, 10)           1,290\n"
        "================================================================\n"
        "Total params: 896,906 (3.42 MB)\n"
        "Trainable params: 896,906 (3.42 MB)\n"
        "Non-trainable params: 0 (0.00 B)\n");
}

TEST_CASE("output shapes follow Keras", "[nn]") {
  CHECK(output_of(Conv2D(5, {3, 2}), {7, 6, 2}) == Shape{5, 5, 5});
  CHECK(output_of(Conv2D(5, {3, 2}, {.stride = 2, .padding = same}), {7, 6, 2}) == Shape{4, 3, 5});
  CHECK(output_of(Conv2D(5, 3, {.stride = {1, 3}, .padding = {0, 1, 2, 4}}), {7, 6, 2}) == Shape{6, 4, 5});
  CHECK(output_of(Conv2D(5, {3, 2}, {.dilation = {2, 3}}), {7, 6, 2}) == Shape{3, 3, 5});
  CHECK(output_of(Conv2D(5, 3, {.stride = 2, .padding = same, .dilation = {3, 1}}), {7, 6, 2}) == Shape{4, 3, 5});
  CHECK(output_of(Conv2DTranspose(5, {3, 2}), {7, 6, 2}) == Shape{9, 7, 5});
  CHECK(output_of(Conv2DTranspose(5, {3, 1}, {.stride = 2}), {7, 6, 2}) == Shape{15, 12, 5});
  CHECK(output_of(Conv2DTranspose(5, {3, 2}, {.stride = {2, 3}, .padding = same}), {7, 6, 2}) == Shape{14, 18, 5});
  CHECK(output_of(Conv2DTranspose(5, {3, 4}, {.stride = 2, .padding = same, .output_padding = 1}), {7, 6, 2}) ==
        Shape{14, 11, 5});
  CHECK(output_of(Conv2DTranspose(5, {3, 1}, {.stride = 3, .output_padding = Size2D(2, 0)}), {7, 6, 2}) ==
        Shape{23, 16, 5});
  CHECK(output_of(Conv2DTranspose(5, 3, {.stride = 2, .padding = {1, 1, 0, 2}, .output_padding = 1, .dilation = 2}),
                  {7, 6, 2}) == Shape{16, 14, 5});
  CHECK(output_of(DepthwiseConv2D({3, 2}), {7, 6, 2}) == Shape{5, 5, 2});
  CHECK(output_of(DepthwiseConv2D(3, {.stride = 2, .padding = same, .depth_multiplier = 3}), {7, 6, 2}) ==
        Shape{4, 3, 6});
  CHECK(output_of(MaxPool2D(), {7, 6, 2}) == Shape{3, 3, 2});
  CHECK(output_of(MaxPool2D(2, {.padding = same}), {7, 6, 2}) == Shape{4, 3, 2});
  CHECK(output_of(AveragePool2D(3, {.stride = 2}), {7, 6, 2}) == Shape{3, 2, 2});
  CHECK(output_of(ZeroPadding2D({1, 2, 3, 0}), {7, 6, 2}) == Shape{10, 9, 2});
  CHECK(output_of(Flatten(), {7, 6, 2}) == Shape{84});
  CHECK(output_of(Dense(9), {4}) == Shape{9});
  CHECK(output_of(ReLU(), {7, 6, 2}) == Shape{7, 6, 2});
  for (const Layer& layer : {Layer(LeakyReLU()), Layer(Tanh()), Layer(Sigmoid())})
    CHECK(output_of(layer, {7, 6, 2}) == Shape{7, 6, 2});
  CHECK(output_of(Softmax(), {4}) == Shape{4});
}

TEST_CASE("a layer that does not fit is named with its sizes", "[nn]") {
  const auto build = [](std::vector<Layer> layers, const Shape& shape) {
    return message_of<ShapeError>([&] { nn::Network(layers, shape); });
  };
  const std::string kernel = build({Conv2D(4, 3), MaxPool2D(), Conv2D(4, 5)}, {8, 8, 1});
  CHECK_THAT(kernel, Catch::Matchers::StartsWith("layer 3 (conv2d_1): "));
  CHECK_THAT(kernel, contains("a window of 5 on an image of 3"));
  CHECK_THAT(build({MaxPool2D(4)}, {8, 3, 1}), Catch::Matchers::StartsWith("layer 1 (max_pooling2d): "));
  CHECK(build({ReLU(), Dense(3)}, {8, 8, 1}) ==
        "layer 2 (dense): expected a vector; found 8x8x1 (put a Flatten before it)");
  CHECK(build({Conv2D(4, 3, {.groups = 2})}, {8, 8, 3}) ==
        "layer 1 (conv2d): 2 groups of 3 input channels; expected groups that divide them");
  CHECK(build({Conv2D(4, 3, {.name = "edges"})}, {64}) ==
        "layer 1 (edges): expected an image, height x width x channels; found 64");
  CHECK_THAT(build({Flatten(), Dense(INT64_MAX)}, {8, 8, 1}), Catch::Matchers::StartsWith("layer 2 (dense): "));
  CHECK_THAT(build({Softmax()}, {8, 8, 1}), Catch::Matchers::StartsWith("layer 1 (softmax): "));
  CHECK_THROWS_AS(nn::Network({Flatten()}, {}), ShapeError);
  CHECK_THROWS_AS(nn::Network({Flatten()}, {4, 0, 1}), ShapeError);
  CHECK_THROWS_AS(nn::Network({Flatten()}, {1, 1, 1, 1, 1, 1}), ShapeError);
  CHECK_THROWS_AS(nn::Network(std::vector<Layer>{}, {4, 4, 1}), ArgumentError);
}

TEST_CASE("options that cannot be are refused by the layer", "[nn]") {
  CHECK(message_of<ArgumentError>([] { Conv2D(0, 3); }) == "Conv2D: filters must be at least 1, found 0");
  CHECK_THROWS_AS(Conv2D(4, {3, 0}), ArgumentError);
  CHECK_THROWS_AS(Conv2D(4, 3, {.stride = {1, 0}}), ArgumentError);
  CHECK_THROWS_AS(Conv2D(4, 3, {.padding = {0, 0, -1, 0}}), ArgumentError);
  CHECK(message_of<ArgumentError>([] {
          Conv2D(4, 3, {.dilation = {1, 0}});
        }) == "Conv2D: dilation must be at least 1, found 0");
  CHECK_THROWS_AS(Conv2D(4, 3, {.groups = 0}), ArgumentError);
  CHECK(message_of<ArgumentError>([] { Conv2D(4, 3, {.groups = 3}); }) ==
        "Conv2D: 3 groups of 4 filters; expected groups that divide them");
  CHECK(message_of<ArgumentError>([] { DepthwiseConv2D(3, {.depth_multiplier = 0}); }) ==
        "DepthwiseConv2D: depth_multiplier must be at least 1, found 0");
  CHECK_THROWS_AS(DepthwiseConv2D({0, 3}), ArgumentError);
  CHECK_THROWS_AS(Conv2DTranspose(0, 3), ArgumentError);
  CHECK_THROWS_AS(Conv2DTranspose(1, 3, {.dilation = {1, 0}}), ArgumentError);
  CHECK(message_of<ArgumentError>([] { Conv2DTranspose(1, 3, {.output_padding = Size2D(0, -1)}); }) ==
        "Conv2DTranspose: output_padding must be at least 0, found -1");
  CHECK_THROWS_AS(MaxPool2D(0), ArgumentError);
  CHECK_THROWS_AS(MaxPool2D(2, {.stride = {0, 1}}), ArgumentError);
  CHECK_THROWS_AS(AveragePool2D({2, -1}), ArgumentError);
  CHECK_THROWS_AS(Dense(-3), ArgumentError);
  CHECK_THROWS_WITH(Dropout(1), contains("Dropout: the rate must be at least 0 and below 1, found 1"));
  CHECK_THROWS_AS(Dropout(-0.5), ArgumentError);
  CHECK_THROWS_WITH(LeakyReLU(-0.5), contains("LeakyReLU: the slope must be finite and at least 0, found -0.5"));
  CHECK_THROWS_AS(LeakyReLU(HUGE_VAL), ArgumentError);
  CHECK_THROWS_AS(ZeroPadding2D(same), ArgumentError);
  CHECK_THROWS_AS(ZeroPadding2D({0, -1, 0, 0}), ArgumentError);
  CHECK_THROWS_AS(BatchNormalization({.momentum = 1.5}), ArgumentError);
  CHECK_THROWS_AS(BatchNormalization({.epsilon = 0}), ArgumentError);
}

TEST_CASE("names are Keras's, unique, and safe to print", "[nn]") {
  const auto names = [](const std::vector<Layer>& layers) {
    std::vector<std::string> names;
    const nn::Network network(layers, {8, 8, 1});
    for (const auto& layer : network.layers()) names.push_back(layer.name);
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(names({ReLU(), Conv2D(1, 1), ReLU(), Conv2D(1, 1), AveragePool2D(), Flatten(), Softmax()}) ==
        Names{"re_lu", "conv2d", "re_lu_1", "conv2d_1", "average_pooling2d", "flatten", "softmax"});
  CHECK(names({ReLU(), ReLU("re_lu"), ReLU("re_lu_2"), ReLU(), ReLU()}) ==
        Names{"re_lu_1", "re_lu", "re_lu_2", "re_lu_3", "re_lu_4"});
  CHECK(message_of<ArgumentError>([&] {
          names({ReLU("a"), Flatten(), ReLU("a")});
        }) == "layer 3 (a): layer 1 has the same name");
  CHECK_THROWS_AS(names({ReLU("a/b")}), ArgumentError);
  CHECK_THROWS_AS(names({ReLU("\x1b[2J")}), ArgumentError);
}

TEST_CASE("a depthwise kernel has Keras's shape and first values, and is stored without its last axis", "[nn]") {
  const nn::Network network({DepthwiseConv2D({3, 2}, {.depth_multiplier = 4})}, {5, 5, 6});
  CHECK(network.parameter_count() == 3 * 2 * 6 * 4 + 24);
  const nn::Parameter& kernel = network.parameters()[0];
  CHECK(kernel.name == "depthwise_conv2d/kernel");
  CHECK(kernel.shape == Shape{3, 2, 6, 4});
  plan::ParameterStore store{ops::Kernels(ops::Scalar::f32)};
  network.allocate(store);
  network.initialize(store, 5);
  CHECK(store.shape(0) == Shape{3, 2, 24});
  std::vector<float> values(144);
  store.get(0, values.data());
  CHECK(values == nn::initial_values(nn::Initializer::glorot_uniform, {3, 2, 6, 4}, 5, 0));
}

TEST_CASE("an architecture survives JSON, with every kind of layer", "[nn]") {
  const nn::Network network(every_layer(), {12, 10, 2});
  const std::string text = nn::architecture_to_json(network);
  const nn::Network again = nn::network_from_json(text);
  CHECK(nn::architecture_to_json(again) == text);
  CHECK(nn::summary(again) == nn::summary(network));
  CHECK(again.input_shape() == network.input_shape());
}

TEST_CASE("an architecture that is not quite one is refused with the field", "[nn]") {
  const std::string good = nn::architecture_to_json(nn::Network({Conv2D(4, 3), Flatten(), Dense(2)}, {8, 8, 1}));
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    return message_of<Error>([&] { nn::network_from_json(text); });
  };
  CHECK(replaced("\"format\":1", "\"format\":3") ==
        "the architecture has format 3; this version reads formats 1 and 2");
  CHECK(replaced("\"format\":1", "\"format\":2") == "field 'calls' is missing");
  CHECK_THAT(replaced("\"Conv2D\"", "\"Conv3D\""),
             contains("layer 1: unknown kind of layer 'Conv3D'; known are Conv2D, "));
  CHECK(replaced("\"filters\":4", "\"filters\":4.5") == "layer 1: field 'filters': expected an integer, found 4.5");
  CHECK(replaced("\"filters\":4", "\"filters\":0") == "layer 1: Conv2D: filters must be at least 1, found 0");
  CHECK(replaced("\"filters\":4", "\"filters\":18446744073709551615") ==
        "layer 1: field 'filters': expected an integer, found 18446744073709551615");
  CHECK(replaced("\"filters\":4,", "") == "layer 1: field 'filters' is missing");
  CHECK(replaced("\"filters\":4", "\"filters\":4,\"depth\":2") == "layer 1: unknown field 'depth'");
  CHECK_THAT(replaced("\"padding\":\"valid\"", "\"padding\":[1,2]"), contains("field 'padding'"));
  CHECK_THAT(replaced("\"linear\"", "\"tan\""), contains("field 'activation'"));
  CHECK_THAT(replaced("\"glorot_uniform\"", "\"lecun_normal\""),
             contains("field 'kernel_initializer': expected one of \"zeros\", \"ones\", \"glorot_uniform\""));
  CHECK_THAT(replaced("[8,8,1]", "[8,8,0]"), contains("8x8x0"));
  CHECK_THAT(replaced("[8,8,1]", "[9223372036854775807,8,1]"), contains("does not fit"));
  CHECK_THAT(replaced("\"layers\":[", "\"layers\":[["), contains("not JSON"));
  CHECK_THAT(replaced("[8,8,1]", std::string(100'000, '[') + std::string(100'000, ']')), contains("nested"));
}
