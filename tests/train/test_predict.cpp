#include <cstring>
#include <string>
#include <thread>

#include "nn/networks.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

std::vector<float> samples_for(const Shape& shape, std::int64_t count) {
  const Dataset data = striped_images(shape, 3, count);
  std::vector<float> samples(static_cast<std::size_t>(count * shape.elements()));
  for (std::int64_t i = 0; i < count; ++i) data.copy_sample(i, samples.data() + i * shape.elements());
  return samples;
}

Sequential built_model() {
  Sequential model(small_layers());
  model.build(small_shape());
  return model;
}

}  // namespace

TEST_CASE("predict gives one distribution per sample, whatever the count", "[train]") {
  const Sequential model = built_model();
  const std::vector<float> samples = samples_for(small_shape(), 600);
  CHECK(model.predict(samples.data(), 0).empty());
  CHECK_THROWS_AS(model.predict(samples.data(), -1), ArgumentError);
  CHECK_THROWS_AS(model.predict(samples.data(), INT64_MAX), ShapeError);
  const std::vector<float> all = model.predict(samples.data(), 600);
  REQUIRE(all.size() == 1800);
  for (std::size_t i = 0; i < all.size(); i += 3) CHECK(all[i] + all[i + 1] + all[i + 2] == Approx(1).epsilon(1e-5));
  for (std::int64_t count : {1, 2, 16, 17, 257}) {  // each of the plans, filled and not
    const std::vector<float> some = model.predict(samples.data(), count);
    REQUIRE(some.size() == static_cast<std::size_t>(3 * count));
    for (std::size_t i = 0; i < some.size(); ++i) CHECK(some[i] == Approx(all[i]).epsilon(1e-5));
  }
}

TEST_CASE("a model runs on the ISA that TILEWISE_ISA names", "[train]") {
  const ForcedIsa put_back(default_isa());
  for (Isa isa : available_isas()) {
    const Environment named("TILEWISE_ISA", std::string(isa_name(isa)).c_str());
    set_isa(default_isa());
    CHECK_THAT(built_model().describe_plan(4, false), contains("isa " + std::string(isa_name(isa)) + ","));
  }
}

TEST_CASE("predict leaves the caller's samples as they are", "[train]") {
  for (const std::vector<Layer>& layers : {std::vector<Layer>{ReLU()}, {Flatten()}, {Flatten(), Softmax()}}) {
    Sequential model(layers);
    model.build({2, 3, 1});
    const std::vector<float> samples{-1, 2, -3, 4, -5, 6};
    std::vector<float> passed = samples;
    CHECK(model.predict(passed.data(), 1).size() == 6);
    CHECK(passed == samples);
  }
}

TEST_CASE("many threads predict on one const model, all with the same bits", "[train]") {
  const Sequential model = built_model();
  const std::vector<float> samples = samples_for(small_shape(), 300);
  const std::vector<float> expected = model.predict(samples.data(), 300);
  const std::vector<float> expected_one = model.predict(samples.data() + small_shape().elements(), 1);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < wrong.size(); ++number)
    threads.emplace_back([&, number] {
      for (int round = 0; round < 10; ++round) {
        wrong[number] += model.predict(samples.data(), 300) != expected;
        wrong[number] += model.predict(samples.data() + small_shape().elements(), 1) != expected_one;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("predictions follow the weights", "[train]") {
  Sequential model = built_model();
  model.compile(with_accuracy());
  const std::vector<float> samples = samples_for(small_shape(), 2);
  const std::vector<float> before = model.predict(samples.data(), 2);
  const std::vector<Weights> weights = model.weights();
  model.fit(striped_images(small_shape(), 3, 64).batch(16));
  CHECK(model.predict(samples.data(), 2) != before);
  model.set_weights(weights);
  CHECK(model.predict(samples.data(), 2) == before);
  Sequential moved = std::move(model);
  CHECK(moved.predict(samples.data(), 2) == before);
}

TEST_CASE("weights are Keras's: names, layouts, and all or nothing", "[train]") {
  Sequential model{Conv2D(3, {2, 1}), Flatten(), Dense(2)};
  model.build({2, 2, 1});
  std::vector<Weights> weights = model.weights();
  REQUIRE(weights.size() == 4);
  CHECK(weights[0].name == "conv2d/kernel");
  CHECK(weights[0].shape == Shape{2, 1, 1, 3});
  CHECK(weights[1].name == "conv2d/bias");
  CHECK(weights[2].name == "dense/kernel");
  CHECK(weights[2].shape == Shape{6, 2});
  CHECK(weights[3].name == "dense/bias");
  weights[0].values = {1, 0, 2, 0, 1, -1};  // y[0][q] = x[0][q], x[1][q], 2 x[0][q] - x[1][q]
  weights[2].values = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0};
  weights[3].values = {0.5f, 0};
  std::swap(weights[0], weights[3]);
  model.set_weights(weights);
  const std::vector<float> samples{1, 2, 3, 5};
  CHECK(model.predict(samples.data(), 1) == std::vector<float>{1 + (2 * 2 - 5) + 0.5f, 3});

  const std::vector<float> good = all_weights(model);
  const auto refuses = [&](auto change) {
    std::vector<Weights> changed = model.weights();
    for (Weights& weight : changed) std::fill(weight.values.begin(), weight.values.end(), 9.0f);
    change(changed);
    CHECK_THROWS_AS(model.set_weights(changed), Error);
    CHECK(all_weights(model) == good);
  };
  refuses([](auto& changed) { changed.pop_back(); });
  refuses([](auto& changed) { changed.back().name = "dense/scale"; });
  refuses([](auto& changed) { changed.push_back(changed.back()); });
  refuses([](auto& changed) { changed.push_back({"more", {1}, {1}}); });
  refuses([](auto& changed) { changed[2].shape = {2, 6}; });
  refuses([](auto& changed) { changed[2].values.pop_back(); });
}
