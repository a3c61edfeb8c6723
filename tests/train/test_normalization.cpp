#include <cmath>

#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

std::vector<Layer> normalized_layers(bool use_bias = false) {
  return {Conv2D(5, 3, {.padding = same, .use_bias = use_bias}),
          BatchNormalization({.momentum = 0.5}),
          ReLU(),
          MaxPool2D(),
          Flatten(),
          Dense(7, {.use_bias = use_bias}),
          BatchNormalization({.momentum = 0.5, .center = false}),
          ReLU(),
          Dense(3, {.activation = softmax})};
}

Sequential trained_model(int threads, bool use_bias = false) {
  const Threads count(threads);
  Sequential model(normalized_layers(use_bias));
  model.compile(with_accuracy(Adam{.learning_rate = 0.01}));
  model.fit(striped_images({6, 5, 2}, 3, 150).batch(16), {.epochs = 8});
  return model;
}

const Weights& weights_named(const std::vector<Weights>& all, const std::string& name) {
  for (const Weights& weights : all)
    if (weights.name == name) return weights;
  FAIL("no weights " << name);
  return all.front();
}

}  // namespace

TEST_CASE("a network with batch normalisation learns, the same bits for any number of threads", "[train]") {
  const Sequential model = trained_model(1);
  CHECK(model.evaluate(striped_images({6, 5, 2}, 3, 200, 2).batch(32)).accuracy.value() > 0.9);
  for (int threads : {2, 3, 7}) CHECK(all_weights(trained_model(threads)) == all_weights(model));
}

TEST_CASE("running statistics are weights: moved by training, not by the optimizer, and kept in files", "[train]") {
  Sequential model(normalized_layers());
  model.build({6, 5, 2});
  const auto initial = model.weights();
  CHECK(weights_named(initial, "batch_normalization/gamma").values == std::vector<float>(5, 1.f));
  CHECK(weights_named(initial, "batch_normalization/beta").values == std::vector<float>(5, 0.f));
  CHECK(weights_named(initial, "batch_normalization/moving_mean").values == std::vector<float>(5, 0.f));
  CHECK(weights_named(initial, "batch_normalization/moving_variance").values == std::vector<float>(5, 1.f));
  CHECK(model.parameter_count() == 3 * 3 * 2 * 5 + 4 * 5 + 3 * 2 * 5 * 7 + 3 * 7 + 7 * 3 + 3);

  // One batch of one value: mean 0.5 and variance 0, of which momentum 0.5 takes half.
  Sequential one{BatchNormalization({.momentum = 0.5}), Flatten(), Dense(2, {.activation = softmax})};
  one.compile({});
  one.fit(Dataset({2, 2, 1}, std::vector<float>(16, 0.5f), {0, 1, 0, 1}).batch(4));
  CHECK(weights_named(one.weights(), "batch_normalization/moving_mean").values == std::vector<float>{0.25f});
  CHECK(weights_named(one.weights(), "batch_normalization/moving_variance").values == std::vector<float>{0.5f});
}

TEST_CASE("at inference a normalisation is folded into the layer before it", "[train]") {
  for (const bool use_bias : {false, true}) {
    const Sequential model = trained_model(2, use_bias);
    const std::string plan = model.describe_plan(8, false);
    CHECK_THAT(plan, contains("fold_batch_norm") && contains("+batch_norm+relu+max_pool2d"));
    CHECK_THAT(plan, !contains("batch_norm_inference"));

    // The definition, with the same weights: the normalisation apart, behind a layer that nothing is folded into.
    const Dataset data = striped_images({6, 5, 2}, 3, 5, 4);
    std::vector<float> samples(5 * 60);
    for (std::int64_t i = 0; i < 5; ++i) data.copy_sample(i, samples.data() + i * 60);
    std::vector<Layer> layers = normalized_layers(use_bias);
    layers.insert(layers.begin() + 1, MaxPool2D(1));
    layers.insert(layers.begin() + 7, Flatten("apart"));
    Sequential apart(layers);
    apart.build({6, 5, 2});
    apart.set_weights(model.weights());
    CHECK_THAT(apart.describe_plan(8, false), contains("batch_norm_inference"));
    const auto expected = apart.predict(samples.data(), 5), found = model.predict(samples.data(), 5);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-4).margin(1e-6));
  }
}
