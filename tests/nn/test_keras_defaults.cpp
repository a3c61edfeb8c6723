#include "nn/initializers.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

TEST_CASE("what is not asked for is as in Keras", "[nn]") {
  SECTION("kernels are Glorot-uniform, biases zero") {
    Sequential model{Conv2D(2, 3), Flatten(), Dense(3)};
    model.build({6, 6, 1});
    const auto weights = model.weights();
    CHECK(weights[0].values == nn::initial_values(glorot_uniform, {3, 3, 1, 2}, 0, 0));
    CHECK(weights[1].values == std::vector<float>(2));
    CHECK(weights[2].values == nn::initial_values(glorot_uniform, {32, 3}, 0, 2));
    CHECK(weights[3].values == std::vector<float>(3));
  }
  SECTION("a convolution has no padding and stride 1, a pool is 2x2 with the window as its stride") {
    Sequential model{Conv2D(2, 3), MaxPool2D(), AveragePool2D()};
    model.build({13, 12, 1});
    CHECK(model.output_shape() == Shape{2, 2, 2});
    Sequential pool{MaxPool2D(3)};
    pool.build({7, 6, 1});
    CHECK(pool.output_shape() == Shape{2, 2, 1});
  }
  SECTION("optimizers") {
    const Adam adam;
    CHECK(adam.learning_rate.after(0) == 1e-3);
    CHECK(adam.beta1 == 0.9);
    CHECK(adam.beta2 == 0.999);
    CHECK(adam.epsilon == 1e-7);
    CHECK(adam.weight_decay == 0);
    CHECK(AdamW{}.weight_decay == 4e-3);
    CHECK(SGD{}.learning_rate.after(0) == 1e-2);
    CHECK(SGD{}.momentum == 0);
    CHECK(RMSprop{}.rho == 0.9);
  }
}
