#include <algorithm>
#include <cmath>

#include "nn/double_network.hpp"
#include "nn/functional.hpp"
#include "nn/layer_cases.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

// Row 5 of the written test plan: every layer and every loss with random options, in small random networks, the plans
// fused and not.

namespace {

constexpr std::uint64_t cases = 50;
/// Elements of each parameter that are moved.
constexpr std::size_t moved_elements = 8;

/// What the cases of one thing have met.
struct Met {
  std::size_t elements = 0, kinks = 0;
  double largest = 0;
};

void check_gradients(const Tensor& x, const Tensor& y, DoubleSettings settings, Pick& pick, Met& met) {
  settings.batch = pick(3, 5);
  settings.fuse = pick.flag();
  settings.seed = static_cast<std::uint64_t>(pick(0, 1'000'000));
  DoubleNetwork network(nn::trace(x, y), x.shape(), settings);
  const auto fused = network.gradients(true), unfused = network.gradients(false);
  for (int parameter = 0; parameter < network.parameters(); ++parameter) {
    if (!network.is_trained(parameter)) continue;
    const auto number = static_cast<std::size_t>(parameter);
    const auto count = static_cast<std::int64_t>(fused[number].size());
    for (std::size_t moved = 0; moved < moved_elements; ++moved) {
      const auto element = static_cast<std::size_t>(pick(0, count - 1));
      const auto expected = central_difference(network, parameter, element);
      ++met.elements;
      if (!expected) ++met.kinks;
      if (!expected) continue;
      INFO(network.name(parameter) << ", element " << element);
      REQUIRE(fused[number][element] == Approx(*expected).epsilon(1e-6).margin(1e-9));
      REQUIRE(unfused[number][element] == Approx(*expected).epsilon(1e-6).margin(1e-9));
      met.largest = std::max(met.largest, std::abs(*expected));
    }
  }
}

/// f(pick, met) for each case, which is counted for both plans.
template <class F>
void for_cases(const std::string& row, const std::string& what, F f) {
  Met met;
  for (std::uint64_t number = 0; number < scaled(cases); ++number) {
    Pick pick(Numbers::real, 60'000'000 + number);
    INFO(what << ", " << pick.to_string());
    f(pick, met);
    for (const char* plan : {"/fused", "/unfused"}) count_cases(row, what + plan, 1);
  }
  CAPTURE(what, met.elements, met.kinks);
  // Of few, as at short scale, the share says nothing.
  if (met.elements >= 100) CHECK(met.kinks * 3 <= met.elements);
  CHECK(met.largest > 1e-4);
}

Tensor random_input(Pick& pick) {
  return Input({pick(6, 8), pick(6, 8), pick(1, 2)});
}
Tensor classified(const Tensor& x, std::int64_t classes) {
  return Dense(classes, {.activation = softmax})(x.shape().rank() == 1 ? x : Tensor(Flatten()(x)));
}

}  // namespace

TEST_CASE("every layer's gradients are those of central differences, whatever its options", "[nn]") {
  for (const DrawnLayer& drawn : every_layer())
    for_cases("5 gradients in float64, layers", drawn.kind, [&](Pick& pick, Met& met) {
      const Tensor x = random_input(pick);
      const Tensor y = drawn.draw(pick, draw_image(pick, x));
      check_gradients(x, classified(y, 3), {.classes = 3}, pick, met);
    });
}

TEST_CASE("every loss's gradients are those of central differences, whatever its options", "[nn]") {
  for (const DrawnLoss& drawn : every_loss())
    for_cases("5 gradients in float64, losses", drawn.name, [&](Pick& pick, Met& met) {
      const Tensor x = random_input(pick);
      const std::int64_t classes = pick(2, 6);
      const LossCase made = drawn.draw(pick, draw_image(pick, x), classes);
      check_gradients(x, made.output, {.loss = made.loss, .classes = static_cast<std::int32_t>(classes)}, pick, met);
    });
}

TEST_CASE("networks with short cuts, shared layers and branches have the gradients of central differences", "[nn]") {
  for_cases("5 gradients in float64, networks", "branches", [&](Pick& pick, Met& met) {
    const Tensor x = random_input(pick);
    check_gradients(x, classified(draw_branches(pick, x), 3), {.classes = 3}, pick, met);
  });
}
