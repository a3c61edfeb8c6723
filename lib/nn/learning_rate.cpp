#include "nn/learning_rate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tilewise {

namespace {

/// From `from` to `to` along half a cosine, or a straight line; share goes from 0 to 1.
double between(double from, double to, double share, bool cosine) {
  return cosine ? to + (from - to) / 2 * (1 + std::cos(std::numbers::pi * share)) : from + (to - from) * share;
}

double rate_after(double constant, double) {
  return constant;
}

double rate_after(const StepDecay& decay, double steps) {
  return decay.initial * std::pow(decay.factor, std::floor(steps / static_cast<double>(decay.every_steps)));
}

double rate_after(const CosineDecay& decay, double steps) {
  const auto warmup = static_cast<double>(decay.warmup_steps);
  if (steps < warmup) return decay.initial * steps / warmup;
  const double share = std::min(1.0, (steps - warmup) / static_cast<double>(decay.steps));
  return between(decay.initial, decay.alpha * decay.initial, share, true);
}

double rate_after(const OneCycle& cycle, double steps) {
  const double last = static_cast<double>(cycle.steps) - 1;
  const double peak = cycle.warmup_share * static_cast<double>(cycle.steps) - 1;
  const double initial = cycle.max / cycle.initial_divisor;
  if (steps < peak) return between(initial, cycle.max, steps / peak, cycle.cosine);
  if (peak >= last) return cycle.max;  // no way down is left
  const double share = std::min(1.0, (steps - peak) / (last - peak));
  return between(cycle.max, initial / cycle.final_divisor, share, cycle.cosine);
}

}  // namespace

double LearningRate::after(std::int64_t steps) const {
  return std::visit([&](const auto& form) { return rate_after(form, static_cast<double>(steps)); }, form_);
}

namespace nn {

namespace {

void check(double constant, const OptionChecks& owner) {
  owner.above_zero("learning_rate", constant);
}

void check(const StepDecay& decay, const OptionChecks& owner) {
  const OptionChecks options = owner.within("StepDecay");
  options.above_zero("initial", decay.initial);
  options.at_least(1, "every_steps", decay.every_steps);
  options.above_zero("factor", decay.factor);
  options.share("factor", decay.factor);
}

void check(const CosineDecay& decay, const OptionChecks& owner) {
  const OptionChecks options = owner.within("CosineDecay");
  options.above_zero("initial", decay.initial);
  options.at_least(1, "steps", decay.steps);
  options.share("alpha", decay.alpha);
  options.at_least(0, "warmup_steps", decay.warmup_steps);
}

void check(const OneCycle& cycle, const OptionChecks& owner) {
  const OptionChecks options = owner.within("OneCycle");
  options.above_zero("max", cycle.max);
  options.at_least(1, "steps", cycle.steps);
  options.share("warmup_share", cycle.warmup_share);
  options.above_zero("initial_divisor", cycle.initial_divisor);
  options.above_zero("final_divisor", cycle.final_divisor);
}

}  // namespace

void check_learning_rate(const LearningRate& rate, const OptionChecks& owner) {
  std::visit([&](const auto& form) { check(form, owner); }, rate.form());
}

}  // namespace nn

}  // namespace tilewise
