#include <cmath>

#include "nn/initializers.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

const Shape kernel{3, 3, 16, 32};
constexpr double fan_in = 9 * 16, fan_out = 9 * 32;

struct Moments {
  double mean, deviation, largest;
};

Moments moments_of(Initializer initializer) {
  const auto values = nn::initial_values(initializer, kernel, 7, 2);
  const auto count = static_cast<double>(values.size());
  double sum = 0, squares = 0, largest = 0;
  for (const float value : values) {
    sum += double{value};
    squares += double{value} * double{value};
    largest = std::max(largest, std::abs(double{value}));
  }
  return {sum / count, std::sqrt(squares / count), largest};
}

void check_uniform(Initializer initializer, double limit) {
  const Moments found = moments_of(initializer);
  CHECK(std::abs(found.mean) < 0.03 * limit);
  CHECK(found.deviation == Approx(limit / std::sqrt(3.0)).epsilon(0.02));
  CHECK(found.largest <= limit);
  CHECK(found.largest > 0.99 * limit);
}

void check_normal(Initializer initializer, double deviation) {
  const Moments found = moments_of(initializer);
  const double limit = 2 * deviation / 0.87962566103423978;
  CHECK(std::abs(found.mean) < 0.05 * deviation);
  CHECK(found.deviation == Approx(deviation).epsilon(0.03));
  CHECK(found.largest <= limit);
  CHECK(found.largest > 0.98 * limit);
}

}  // namespace

TEST_CASE("initial weights have the spread that their fans ask for", "[nn]") {
  check_uniform(glorot_uniform, std::sqrt(6 / (fan_in + fan_out)));
  check_uniform(he_uniform, std::sqrt(6 / fan_in));
  check_normal(glorot_normal, std::sqrt(2 / (fan_in + fan_out)));
  check_normal(he_normal, std::sqrt(2 / fan_in));
  CHECK(nn::initial_values(zeros, {4}, 7, 2) == std::vector<float>(4));
  CHECK(nn::initial_values(ones, {4}, 7, 2) == std::vector<float>(4, 1.f));
}

TEST_CASE("initial weights depend on the seed and the number of the parameter only", "[nn]") {
  for (const Initializer initializer : {glorot_uniform, glorot_normal, he_uniform, he_normal}) {
    const auto values = nn::initial_values(initializer, kernel, 7, 2);
    CHECK(values == nn::initial_values(initializer, kernel, 7, 2));
    CHECK(values != nn::initial_values(initializer, kernel, 8, 2));
    CHECK(values != nn::initial_values(initializer, kernel, 7, 3));
  }
}

TEST_CASE("a layer's kernel starts as its option says", "[train]") {
  const auto kernels_of = [](Initializer initializer) {
    Sequential model{Conv2D(2, 3, {.kernel_initializer = initializer}), Flatten(),
                     Dense(3, {.kernel_initializer = initializer})};
    model.build({6, 6, 1});
    const auto weights = model.weights();
    return std::vector<std::vector<float>>{weights[0].values, weights[2].values};
  };
  for (const Initializer initializer : nn::initializers) {
    CAPTURE(nn::initializer_name(initializer));
    const auto found = kernels_of(initializer);
    CHECK(found[0] == nn::initial_values(initializer, {3, 3, 1, 2}, 0, 0));
    CHECK(found[1] == nn::initial_values(initializer, {32, 3}, 0, 2));
  }
}
