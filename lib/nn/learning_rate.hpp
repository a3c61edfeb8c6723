#pragma once

#include "nn/option_checks.hpp"
#include "tilewise/learning_rate.hpp"

namespace tilewise::nn {

/// Throws ArgumentError for an option outside the range that its declaration gives. `owner` is for the optimizer.
void check_learning_rate(const LearningRate& rate, const OptionChecks& owner);

}  // namespace tilewise::nn
