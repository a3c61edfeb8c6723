#include <cmath>

#include "nn/clipping.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// How one step of SGD with rate 1 changes each weight of a small network: its gradients, clipped.
std::vector<std::vector<float>> steps_with(CompileOptions options) {
  options.optimizer = SGD{.learning_rate = 1};
  Sequential model(small_layers());
  model.compile(options);
  model.build(small_shape());
  std::vector<std::vector<float>> steps;
  const std::vector<Weights> before = model.weights();
  model.fit(striped_images(small_shape(), 3, 16).batch(16));
  for (std::size_t i = 0; i < before.size(); ++i) {
    steps.push_back(model.weights()[i].values);
    for (std::size_t k = 0; k < steps[i].size(); ++k) steps[i][k] -= before[i].values[k];
  }
  return steps;
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

double norm(const std::vector<std::vector<float>>& all) {
  std::vector<float> norms;
  for (const auto& values : all) norms.push_back(static_cast<float>(norm(values)));
  return norm(norms);
}

/// found is about expected * scale.
void check_scaled(const std::vector<float>& found, const std::vector<float>& expected, double scale) {
  for (std::size_t k = 0; k < found.size(); ++k)
    CHECK(double{found[k]} == Approx(expected[k] * scale).epsilon(1e-4).margin(1e-6));
}

}  // namespace

TEST_CASE("a step takes gradients that are clipped as the options say", "[train]") {
  const auto free = steps_with({});
  SECTION("each element") {
    const double limit = 0.01;
    const auto clipped = steps_with({.clip_value = limit});
    for (std::size_t i = 0; i < free.size(); ++i)
      for (std::size_t k = 0; k < free[i].size(); ++k)
        CHECK(double{clipped[i][k]} == Approx(std::clamp(double{free[i][k]}, -limit, limit)).margin(1e-6));
  }
  SECTION("each weight by its norm") {
    const double limit = norm(free[0]) / 2;  // some are below it
    const auto clipped = steps_with({.clip_norm = limit});
    for (std::size_t i = 0; i < free.size(); ++i)
      check_scaled(clipped[i], free[i], limit / std::max(norm(free[i]), limit));
  }
  SECTION("all by their common norm") {
    const double limit = norm(free) / 4;
    const auto clipped = steps_with({.global_clip_norm = limit});
    CHECK(norm(clipped) == Approx(limit).epsilon(1e-4));
    for (std::size_t i = 0; i < free.size(); ++i) check_scaled(clipped[i], free[i], 0.25);
  }
  SECTION("a limit that nothing reaches changes no bit") {
    CHECK(steps_with({.clip_value = 1e6}) == free);
    CHECK(steps_with({.clip_norm = 1e6}) == free);
    CHECK(steps_with({.global_clip_norm = 1e6}) == free);
  }
}

TEST_CASE("a training with clipped gradients has the same bits with any number of threads", "[train]") {
  for (const bool global : {true, false}) {
    const auto bits = [&](int threads) {
      const Threads set(threads);
      CompileOptions options = with_accuracy();
      (global ? options.global_clip_norm : options.clip_norm) = 0.05;
      Sequential model(small_layers());
      model.compile(options);
      model.fit(striped_images(small_shape(), 3, 75).batch(16), {.epochs = 3});
      return all_weights(model);
    };
    const auto expected = bits(1);
    for (const int threads : {2, 3, 4, 7, 16}) {
      CAPTURE(threads, global);
      CHECK(bits(threads) == expected);
    }
  }
}

TEST_CASE("impossible limits of gradients are refused, and nothing changes", "[train]") {
  Sequential model(small_layers());
  for (const double limit : {0.0, -1.0, double(NAN), double(INFINITY)}) {
    CHECK_THROWS_AS(model.compile({.clip_value = limit}), ArgumentError);
    CHECK_THROWS_AS(model.compile({.clip_norm = limit}), ArgumentError);
    CHECK_THROWS_AS(model.compile({.global_clip_norm = limit}), ArgumentError);
  }
  CHECK_THROWS_WITH(model.compile({.clip_value = -1}),
                    "compile: clip_value must be finite and above 0; found -1.000000");
  CHECK_THROWS_AS(model.compile({.clip_value = 1, .global_clip_norm = 1}), ArgumentError);
  CHECK_THROWS_WITH(model.fit(striped_images(small_shape(), 3, 8).batch(4)), contains("compile()"));
}
