#include "golden/golden.hpp"
#include "nn/optimizers.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

LearningRate schedule_of(const json& golden) {
  const std::string kind = golden.at("kind");
  if (kind == "StepDecay")
    return StepDecay{
        .initial = golden.at("initial"), .every_steps = golden.at("every_steps"), .factor = golden.at("factor")};
  if (kind == "CosineDecay")
    return CosineDecay{.initial = golden.at("initial"),
                       .steps = golden.at("steps"),
                       .alpha = golden.at("alpha"),
                       .warmup_steps = golden.at("warmup_steps")};
  REQUIRE(kind == "OneCycle");
  return OneCycle{.max = golden.at("max"),
                  .steps = golden.at("steps"),
                  .warmup_share = golden.at("warmup_share"),
                  .initial_divisor = golden.at("initial_divisor"),
                  .final_divisor = golden.at("final_divisor"),
                  .cosine = golden.at("cosine")};
}

/// The rate of each step, within `relative` and as much of the largest one.
void check_schedules(const char* file, double relative) {
  for (const json& golden : cases(file)) {
    const LearningRate rate = schedule_of(golden);
    const auto rates = golden.at("rates").get<std::vector<double>>();
    const double largest = *std::max_element(rates.begin(), rates.end());
    for (std::size_t step = 0; step < rates.size(); ++step) {
      INFO(golden.at("name") << ", step " << step + 1);
      const nn::StepRates found = nn::step_rates(SGD{.learning_rate = rate}, static_cast<std::int64_t>(step) + 1);
      CHECK(found.rate == Approx(rates[step]).epsilon(relative).margin(relative * largest));
    }
  }
}

}  // namespace

TEST_CASE("the steps of a schedule have Keras's rates", "[golden]") {
  // Keras computes them in float32.
  check_schedules("schedules.json", 1e-6);
}

TEST_CASE("the steps of a schedule have PyTorch's rates", "[golden]") {
  check_schedules("pytorch_schedules.json", 1e-11);
}
