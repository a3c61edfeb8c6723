#include "nn/option_checks.hpp"

#include <cmath>

#include "tilewise/error.hpp"

namespace tilewise::nn {

void OptionChecks::above_zero(const char* option, double value) const {
  require(std::isfinite(value) && value > 0, option, "finite and above 0", std::to_string(value));
}

void OptionChecks::not_negative(const char* option, double value) const {
  require(std::isfinite(value) && value >= 0, option, "finite and at least 0", std::to_string(value));
}

void OptionChecks::below_one(const char* option, double value) const {
  require(value >= 0 && value < 1, option, "at least 0 and below 1", std::to_string(value));
}

void OptionChecks::share(const char* option, double value) const {
  require(value >= 0 && value <= 1, option, "from 0 to 1", std::to_string(value));
}

void OptionChecks::at_least(std::int64_t minimum, const char* option, std::int64_t value) const {
  require(value >= minimum, option, "at least " + std::to_string(minimum), std::to_string(value));
}

void OptionChecks::require(bool holds, const char* option, const std::string& expected,
                           const std::string& found) const {
  if (!holds) throw ArgumentError(owner_ + ": " + option + " must be " + expected + "; found " + found);
}

}  // namespace tilewise::nn
