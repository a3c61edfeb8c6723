#include <cmath>

#include "nn/double_network.hpp"
#include "nn/functional.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

constexpr int classes = 3;

/// Every element of a parameter; at a short scale one of seventeen where there are many.
std::size_t step(std::size_t elements) {
  return is_short_scale() && elements > 40 ? 17 : 1;
}

void check_gradients(nn::Topology topology, const Shape& shape, bool fuse) {
  DoubleNetwork network(std::move(topology), shape, {.classes = classes, .fuse = fuse});
  const auto gradients = network.gradients(fuse);
  for (int parameter = 0; parameter < network.parameters(); ++parameter) {
    if (!network.is_trained(parameter)) continue;
    const std::vector<double>& gradient = gradients[static_cast<std::size_t>(parameter)];
    std::size_t checked = 0, kinks = 0;
    double largest = 0;
    for (std::size_t i = 0; i < gradient.size(); i += step(gradient.size())) {
      ++checked;
      const auto expected = central_difference(network, parameter, i);
      if (!expected) {
        ++kinks;
        continue;
      }
      CAPTURE(network.name(parameter), i, fuse);
      CHECK(gradient[i] == Approx(*expected).epsilon(1e-6).margin(1e-9));
      largest = std::max(largest, std::abs(*expected));
    }
    CAPTURE(network.name(parameter), kinks, checked);
    CHECK(kinks * 3 <= checked);
    CHECK(largest > 1e-4);
  }
}

void check_gradients(std::vector<Layer> layers, const Shape& shape, bool fuse) {
  check_gradients(nn::Topology::chain(std::move(layers)), shape, fuse);
}

}  // namespace

TEST_CASE("the gradients of a whole network are those of central differences", "[nn]") {
  const bool fuse = GENERATE(true, false);
  SECTION("of convolutions, pools and dense layers") {
    check_gradients(small_layers(), small_shape(), fuse);
  }
  SECTION("with fused ReLU and max-pool twice, odd sizes, and a rest that no window reaches") {
    check_gradients({Conv2D(3, {3, 3}, {.padding = same, .activation = relu}), MaxPool2D(),
                     Conv2D(4, {3, 2}, {.stride = {1, 2}, .activation = relu}), MaxPool2D({2, 1}), Flatten(),
                     Dense(5, {.activation = relu}), Dense(classes, {.activation = softmax})},
                    {11, 9, 2}, fuse);
  }
  SECTION("with a residual block, batch normalisation, dropout, a shared layer and two branches") {
    // Smooth but for one ReLU: a change of gamma would move all of its inputs at once, some across their kinks.
    const Tensor x = Input({6, 5, 2});
    const Tensor a = BatchNormalization()(Conv2D(3, 3, {.padding = same, .activation = relu})(x));
    const Conv2D shared(3, {2, 1}, {.padding = same, .use_bias = false});
    const Tensor sum = Add()(a, BatchNormalization({.scale = false})(shared(shared(a))), Conv2D(3, 1)(x));
    const Tensor joined = Concatenate()(AveragePool2D({3, 2}, {.stride = 2, .padding = same})(sum),
                                        AveragePool2D(2, {.padding = same})(Dropout(0.3)(a)));
    const Tensor y = Dense(classes, {.activation = softmax})(Dropout(0.25)(Flatten()(joined)));
    check_gradients(nn::trace(x, y), x.shape(), fuse);
  }
  SECTION("with dilation, also under stride and under a fused pool") {
    check_gradients({Conv2D(3, {3, 2}, {.padding = same, .dilation = {2, 3}, .activation = relu}), MaxPool2D({1, 2}),
                     Conv2D(3, 2, {.stride = {2, 1}, .padding = {1, 0, 2, 1}, .dilation = {3, 2}}), Flatten(),
                     Dense(classes, {.activation = softmax})},
                    {9, 8, 2}, fuse);
  }
  SECTION("with groups, also under a fused pool and under batch normalisation") {
    check_gradients({Conv2D(6, {3, 2}, {.padding = same, .groups = 2, .activation = relu}), MaxPool2D(2),
                     Conv2D(6, 2, {.groups = 3, .use_bias = false}), BatchNormalization(), Flatten(),
                     Dense(classes, {.activation = softmax})},
                    {7, 6, 2}, fuse);
  }
  SECTION("with depthwise convolutions, one with a multiplier, and a pointwise one") {
    check_gradients({DepthwiseConv2D({2, 3}, {.padding = {1, 0, 2, 1}, .dilation = {1, 2}}),
                     DepthwiseConv2D(3, {.stride = 3, .padding = same, .depth_multiplier = 2, .activation = relu}),
                     Conv2D(5, 1), Flatten(), Dense(classes, {.activation = softmax})},
                    {7, 6, 2}, fuse);
  }
  SECTION("with transposed convolutions, of every padding") {
    check_gradients(
        {Conv2DTranspose(3, {2, 3}, {.stride = 2, .padding = same, .activation = sigmoid}),
         Conv2DTranspose(2, {3, 1}, {.stride = {1, 2}, .dilation = {2, 1}}), AveragePool2D(3),
         Conv2DTranspose(4, 2, {.stride = 2, .padding = {1, 0, 0, 1}, .output_padding = 1, .use_bias = false}),
         Flatten(), Dense(classes, {.activation = softmax})},
        {3, 4, 2}, fuse);
  }
  SECTION("with tanh, sigmoid and leaky ReLU, as activations and as layers") {
    check_gradients(
        {Conv2D(4, {3, 2}, {.activation = Activation::tanh}), AveragePool2D(), LeakyReLU(),
         Conv2D(3, 2, {.activation = sigmoid}), Sigmoid(), Flatten(), Dense(5, {.activation = Activation::tanh}),
         Tanh(), LeakyReLU(0.125), Dense(classes, {.activation = softmax})},
        {9, 8, 2}, fuse);
  }
  SECTION("with overlapping pools and no bias") {
    check_gradients({Conv2D(3, {2, 2}, {.stride = 2, .padding = same, .use_bias = false}),
                     MaxPool2D(3, {.stride = 1, .padding = same}), AveragePool2D(3, {.stride = 2, .padding = same}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {9, 8, 2}, fuse);
  }
  SECTION("with pools whose last windows exceed the image") {
    check_gradients({Conv2D(3, 3), MaxPool2D(2, {.ceil_mode = true}),
                     AveragePool2D(2, {.padding = {1, 0, 0, 1}, .ceil_mode = true, .count_include_pad = true}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {9, 9, 2}, fuse);
  }
  SECTION("with global pools, of the mean and of the largest") {
    const Tensor x = Input({7, 6, 2});
    const Tensor a = Conv2D(6, {3, 2}, {.activation = relu})(x);
    const Tensor joined = Concatenate()(GlobalAveragePool2D()(a), GlobalMaxPool2D()(Conv2D(5, 3)(x)));
    check_gradients(nn::trace(x, Dense(classes, {.activation = softmax})(joined)), x.shape(), fuse);
  }
  SECTION("with padding that an average counts") {
    check_gradients({Conv2D(3, 2), AveragePool2D(3, {.stride = 2, .padding = {1, 1, 1, 1}, .count_include_pad = true}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {8, 7, 2}, fuse);
  }
}
