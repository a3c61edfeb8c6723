#pragma once

#include <cstdint>
#include <string>

namespace tilewise::nn {

/// Checks the options of one thing; each throws ArgumentError "Adam: beta1 must be at least 0 and below 1; found 2".
class OptionChecks {
 public:
  /// `owner` is what the options belong to, as the user wrote it.
  explicit OptionChecks(std::string owner) : owner_(std::move(owner)) {}

  /// The same for what is an option itself: "Adam: learning_rate: StepDecay".
  OptionChecks within(const std::string& part) const { return OptionChecks(owner_ + ": " + part); }

  void above_zero(const char* option, double value) const;    ///< and finite
  void not_negative(const char* option, double value) const;  ///< and finite
  void below_one(const char* option, double value) const;     ///< in [0, 1)
  void share(const char* option, double value) const;         ///< in [0, 1]
  void at_least(std::int64_t minimum, const char* option, std::int64_t value) const;

 private:
  void require(bool holds, const char* option, const std::string& expected, const std::string& found) const;

  std::string owner_;
};

}  // namespace tilewise::nn
