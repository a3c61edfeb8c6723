#include <cmath>
#include <cstdio>

#include "kernels/select.hpp"
#include "nn/networks.hpp"
#include "nn/step_runner.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// |a - b| / |b|, Euclidean.
double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

/// How far float32 is from float64 after each step, from the same weights and batches.
std::vector<double> distances(const nn::Network& network, const Optimizer& optimizer, Isa isa, int steps) {
  const CompileOptions options{.optimizer = optimizer, .seed = 3};
  StepRunner exact(network, options, ops::Kernels(ops::Scalar::f64), 16, 1),
      rounded(network, options, ops::Kernels(kernels::table(isa)), 16, 1);
  BatchReader reader(striped_images(network.input_shape(), 3, 16 * 100).batch(16));
  reader.start_epoch(0);
  std::vector<double> distances;
  for (int step = 0; step < steps; ++step) {
    const Batch* batch = reader.next();
    exact.step(*batch);
    rounded.step(*batch);
    distances.push_back(relative_distance(rounded.weights(), exact.weights()));
  }
  return distances;
}

/// The notebook's kinds of layer, with nothing in it that decides.
std::vector<Layer> smooth_layers() {
  return {Conv2D(12, 3, {.padding = same, .activation = Activation::tanh}),
          AveragePool2D(),
          Conv2D(16, 3, {.padding = same, .activation = sigmoid}),
          BatchNormalization(),
          AveragePool2D(),
          Flatten(),
          Dense(24, {.activation = Activation::tanh}),
          Dense(3, {.activation = softmax})};
}

}  // namespace

TEST_CASE("a smooth network stays near its float64 reference", "[nn]") {
  const nn::Network network(smooth_layers(), small_shape());
  const int steps = is_short_scale() ? 10 : 100;
  for (Isa isa : available_isas()) {
    const auto found = distances(network, SGD{.learning_rate = 0.05, .momentum = 0.9}, isa, steps);
    std::printf("parity, tanh and average pool, %s: %.1e after 1 step, %.1e after %d\n",
                std::string(isa_name(isa)).c_str(), found[0], found.back(), steps);
    CHECK(found[0] <= 1e-6);
    CHECK(found.back() <= 1e-5);
  }
}

TEST_CASE("a network of ReLU and max-pool stays near its float64 reference until decisions flip", "[nn]") {
  const nn::Network network(small_layers(), small_shape());
  for (Isa isa : available_isas()) {
    const auto found = distances(network, SGD{.learning_rate = 0.1, .momentum = 0.9}, isa, 10);
    std::printf("parity, ReLU and max-pool, %s: %.1e after 1 step, %.1e after 10\n", std::string(isa_name(isa)).c_str(),
                found[0], found[9]);
    CHECK(found[0] <= 1e-6);
    CHECK(found[9] <= 1e-3);
  }
}
