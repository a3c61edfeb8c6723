#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Sequential classifier(const Loss& loss) {
  Sequential model{Flatten(), Dense(8, {.activation = relu}), Dense(3, {.activation = softmax})};
  model.compile({.optimizer = Adam{.learning_rate = 0.02}, .loss = loss, .metrics = {Accuracy{}}});
  return model;
}

Dataset labelled() {
  return striped_images({6, 5, 1}, 3, 120);
}

}  // namespace

TEST_CASE("categorical cross-entropy on one-hot targets trains as labels do, bit for bit", "[train]") {
  for (const double smoothing : {0.0, 0.25}) {
    Sequential sparse = classifier(SparseCategoricalCrossentropy{.label_smoothing = smoothing});
    const History expected = sparse.fit(labelled().batch(16), {.epochs = 4});
    Sequential categorical = classifier(CategoricalCrossentropy{.label_smoothing = smoothing});
    const History found =
        categorical.fit(labelled().one_hot(3).batch(16), {.validation = labelled().one_hot(3).batch(16), .epochs = 4});
    if (smoothing == 0) CHECK(all_weights(categorical) == all_weights(sparse));
    const Evaluation last = found.epochs.back().training, last_expected = expected.epochs.back().training;
    CHECK(last.loss == Approx(last_expected.loss).epsilon(1e-4));
    CHECK(last.accuracy.value() == Approx(last_expected.accuracy.value()).margin(0.02));
    CHECK(found.epochs.back().validation->accuracy.value() > 0.8);
  }
}

TEST_CASE("label smoothing keeps the loss away from zero", "[train]") {
  Sequential model = classifier(SparseCategoricalCrossentropy{.label_smoothing = 0.3});
  const History history = model.fit(labelled().batch(16), {.epochs = 30});
  // The least loss is the entropy of the smoothed target: 0.8, 0.1, 0.1.
  CHECK(history.epochs.back().training.loss > 0.639);
  CHECK(history.epochs.back().training.loss < 0.75);
}

TEST_CASE("a regression learns a linear map by the mean squared error", "[train]") {
  std::vector<float> samples, targets;
  const base::Random random(5, base::Stream::test, 0);
  for (std::uint64_t i = 0; i < 256; ++i) {
    const float a = random.uniform(2 * i), b = random.uniform(2 * i + 1);
    samples.insert(samples.end(), {a, b});
    targets.insert(targets.end(), {2 * a - b + 1, a + 3 * b});
  }
  Sequential model{Dense(2)};
  model.compile({.optimizer = Adam{.learning_rate = 0.05}, .loss = MeanSquaredError{}});
  const Dataset data({2}, samples, {2}, targets);
  const History history = model.fit(data.shuffle(256).batch(32), {.epochs = 60});
  CHECK(history.epochs.front().training.loss > 0.5);
  CHECK(history.epochs.back().training.loss < 1e-4);
  CHECK(model.evaluate(data.batch(100)).loss < 1e-4);
}

TEST_CASE("data that the loss cannot be taken of are refused before the first step", "[train]") {
  Sequential sparse = classifier(SparseCategoricalCrossentropy{}), categorical = classifier(CategoricalCrossentropy{});
  CHECK_THROWS_WITH(sparse.fit(labelled().one_hot(3).batch(8)), contains("it has targets; the loss takes labels"));
  CHECK_THROWS_WITH(categorical.fit(labelled().batch(8)), contains("it has labels; the loss takes targets"));
  CHECK_THROWS_WITH(categorical.fit(labelled().one_hot(4).batch(8)), contains("targets are 4; the model gives 3"));
  Sequential images{ReLU(), Conv2D(1, 1)};
  images.compile({.loss = MeanSquaredError{}, .metrics = {Accuracy{}}});
  CHECK_THROWS_WITH(images.build({4, 4, 1}), contains("accuracy: expected one output per class"));
  CHECK_THROWS_AS(classifier(CategoricalCrossentropy{.label_smoothing = 1.5}).build({6, 5, 1}), ArgumentError);
}
