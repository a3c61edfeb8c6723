#pragma once

#include <cstdint>
#include <variant>

#pragma GCC visibility push(default)
namespace tilewise {

/// initial * factor^floor(s / every_steps) after s steps: Keras's ExponentialDecay with staircase, PyTorch's StepLR.
struct StepDecay {
  double initial = 0;            ///< above 0
  std::int64_t every_steps = 0;  ///< 1 or more
  double factor = 0;             ///< above 0, at most 1
};

/// From `initial` down to alpha * initial over `steps` steps, and then constant: initial * (alpha + (1 - alpha) * (1 +
/// cos(pi * s / steps)) / 2). Before it, if asked for, come warmup_steps steps of initial * s / warmup_steps. Keras's
/// CosineDecay, whose warmup_target is `initial` and whose warm-up starts at 0.
struct CosineDecay {
  double initial = 0;             ///< above 0
  std::int64_t steps = 0;         ///< 1 or more
  double alpha = 0;               ///< in [0, 1]
  std::int64_t warmup_steps = 0;  ///< 0 or more
};

/// From max / initial_divisor up to `max` at step warmup_share * steps - 1, from there down to max / initial_divisor /
/// final_divisor at the last of `steps` steps, counted from 0, and then constant: PyTorch's OneCycleLR in two phases
/// (Smith and Topin 2018), without its change of the momentum.
struct OneCycle {
  double max = 0;               ///< above 0
  std::int64_t steps = 0;       ///< 1 or more
  double warmup_share = 0.3;    ///< in [0, 1]
  double initial_divisor = 25;  ///< above 0
  double final_divisor = 1e4;   ///< above 0
  bool cosine = true;           ///< both ways along half a cosine; false: along straight lines
};

/// How far a step goes: a number, or a schedule over the steps since the model was compiled.
class LearningRate {
 public:
  using Form = std::variant<double, StepDecay, CosineDecay, OneCycle>;

  LearningRate(double constant) : form_(constant) {}
  LearningRate(const StepDecay& schedule) : form_(schedule) {}
  LearningRate(const CosineDecay& schedule) : form_(schedule) {}
  LearningRate(const OneCycle& schedule) : form_(schedule) {}

  const Form& form() const noexcept { return form_; }
  /// The rate of the step that comes after `steps` others. Depends on nothing else.
  double after(std::int64_t steps) const;

 private:
  Form form_;
};

}  // namespace tilewise
#pragma GCC visibility pop
