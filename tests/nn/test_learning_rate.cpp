#include <cmath>

#include "nn/learning_rate.hpp"
#include "nn/networks.hpp"
#include "nn/optimizers.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

void check_rates(const LearningRate& rate, const std::vector<double>& expected) {
  for (std::size_t steps = 0; steps < expected.size(); ++steps) {
    CAPTURE(steps);
    CHECK(rate.after(static_cast<std::int64_t>(steps)) == Approx(expected[steps]).epsilon(1e-12).margin(1e-15));
  }
}

void refuse(const LearningRate& rate, const std::string& message = "") {
  CHECK_THROWS_AS(nn::check_learning_rate(rate, nn::OptionChecks("SGD")), ArgumentError);
  if (!message.empty()) CHECK_THROWS_WITH(nn::check_learning_rate(rate, nn::OptionChecks("SGD")), message);
}

}  // namespace

TEST_CASE("a number is the rate of every step", "[nn]") {
  check_rates(0.25, {0.25, 0.25, 0.25});
}

TEST_CASE("StepDecay multiplies by its factor every so many steps", "[nn]") {
  check_rates(StepDecay{.initial = 2, .every_steps = 3, .factor = 0.5}, {2, 2, 2, 1, 1, 1, 0.5, 0.5, 0.5, 0.25});
  CHECK(LearningRate(StepDecay{.initial = 1, .every_steps = 1, .factor = 0.5}).after(100'000) == 0);
}

TEST_CASE("CosineDecay goes down half a cosine and stays there", "[nn]") {
  const double root = std::sqrt(0.5);
  check_rates(CosineDecay{.initial = 2, .steps = 4}, {2, 1 + root, 1, 1 - root, 0, 0, 0});
  check_rates(CosineDecay{.initial = 2, .steps = 4, .alpha = 0.5}, {2, 1.5 + root / 2, 1.5, 1.5 - root / 2, 1, 1, 1});
  check_rates(CosineDecay{.initial = 2, .steps = 2, .warmup_steps = 4}, {0, 0.5, 1, 1.5, 2, 1, 0, 0});
  check_rates(CosineDecay{.initial = 2, .steps = 1}, {2, 0, 0});
}

TEST_CASE("OneCycle goes up and down as PyTorch's tests of OneCycleLR have it", "[nn]") {
  check_rates(OneCycle{.max = 25, .steps = 10, .final_divisor = 2, .cosine = false},
              {1, 13, 25, 21.5, 18, 14.5, 11, 7.5, 4, 0.5, 0.5});
  // The same along cosines: cos(pi / 2) is 0, and seven steps lead down.
  std::vector<double> expected{1, 13, 25};
  for (int step = 1; step <= 7; ++step)
    expected.push_back(0.5 + (25 - 0.5) / 2 * (1 + std::cos(3.14159265358979323846 * step / 7)));
  check_rates(OneCycle{.max = 25, .steps = 10, .final_divisor = 2}, expected);
}

TEST_CASE("OneCycle with its peak at either end, or of one step", "[nn]") {
  check_rates(
      OneCycle{.max = 8, .steps = 5, .warmup_share = 0.2, .initial_divisor = 4, .final_divisor = 2, .cosine = false},
      {8, 6.25, 4.5, 2.75, 1, 1});
  check_rates(OneCycle{.max = 8, .steps = 4, .warmup_share = 1, .initial_divisor = 4, .cosine = false},
              {2, 4, 6, 8, 8});
  check_rates(
      OneCycle{.max = 8, .steps = 4, .warmup_share = 0, .initial_divisor = 4, .final_divisor = 2, .cosine = false},
      {6.25, 4.5, 2.75, 1, 1});
  check_rates(OneCycle{.max = 8, .steps = 1, .initial_divisor = 4, .final_divisor = 2}, {1, 1});
}

TEST_CASE("schedules with impossible options are refused", "[nn]") {
  refuse(0.0, "SGD: learning_rate must be finite and above 0; found 0.000000");
  refuse(double(NAN));
  refuse(StepDecay{}, "SGD: StepDecay: initial must be finite and above 0; found 0.000000");
  refuse(StepDecay{.initial = 1, .factor = 0.5}, "SGD: StepDecay: every_steps must be at least 1; found 0");
  refuse(StepDecay{.initial = 1, .every_steps = 1, .factor = 2});
  refuse(StepDecay{.initial = 1, .every_steps = 1, .factor = 0});
  refuse(CosineDecay{.initial = 1});
  refuse(CosineDecay{.initial = INFINITY, .steps = 5});
  refuse(CosineDecay{.initial = 1, .steps = 5, .alpha = 1.5});
  refuse(CosineDecay{.initial = 1, .steps = 5, .warmup_steps = -1});
  refuse(OneCycle{.max = 1});
  refuse(OneCycle{.max = 1, .steps = 5, .warmup_share = -0.1});
  refuse(OneCycle{.max = 1, .steps = 5, .initial_divisor = 0});
  refuse(OneCycle{.max = 1, .steps = 5, .final_divisor = NAN});
  CHECK_THROWS_AS(Sequential(small_layers()).compile({.optimizer = Adam{.learning_rate = StepDecay{}}}), ArgumentError);
  CHECK_NOTHROW(nn::check_learning_rate(CosineDecay{.initial = 1, .steps = 5}, nn::OptionChecks("SGD")));
}

TEST_CASE("step and decay of an optimizer follow the schedule from the first step on", "[nn]") {
  const StepDecay halving{.initial = 1, .every_steps = 1, .factor = 0.5};
  const SGD sgd{.learning_rate = halving, .weight_decay = 0.25};
  CHECK(nn::step_rates(sgd, 1).rate == 1);
  CHECK(nn::step_rates(sgd, 3).rate == 0.25);
  CHECK(nn::step_rates(sgd, 3).decay == 0.0625);
  CHECK(nn::step_rates(Adam{.learning_rate = halving}, 2).rate ==
        Approx(nn::step_rates(Adam{.learning_rate = 0.5}, 2).rate));
}

TEST_CASE("a schedule counts the steps of all epochs and fits since compile", "[train]") {
  const Pipeline pipeline = striped_images(small_shape(), 3, 40).batch(20);
  const auto train = [&](const LearningRate& rate, std::vector<int> fits) {
    Sequential model(small_layers());
    model.compile(with_accuracy(SGD{.learning_rate = rate}));
    for (const int epochs : fits) model.fit(pipeline, {.epochs = epochs});
    return all_weights(model);
  };
  // Two steps an epoch: a rate of nearly 0 after the second one changes nothing more.
  const StepDecay once{.initial = 0.1, .every_steps = 2, .factor = 1e-30};
  CHECK(train(once, {3}) == train(0.1, {1}));
  CHECK(train(once, {1, 2}) == train(0.1, {1}));
  CHECK(train(0.1, {2}) != train(0.1, {1}));
}
