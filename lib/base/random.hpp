#pragma once

#include <cstdint>

/// Counter-based random numbers (Philox 4x32-10): the value at a position depends on the key and the position only,
/// never on what was drawn before or by which thread. std's distributions differ between libraries, so the few needed
/// ones are here.
namespace tilewise::base {

/// Keeps the streams of one seed apart.
enum class Stream : std::uint32_t { initializer = 1, shuffle = 2, test = 3, dropout = 4 };

class Random {
 public:
  /// One sequence for each (seed, stream, index), e.g. index = the epoch, or the number of a parameter.
  Random(std::uint64_t seed, Stream stream, std::uint64_t index) noexcept;

  /// 32 random bits at `position`; positions may be visited in any order.
  std::uint32_t bits(std::uint64_t position) const noexcept;
  /// Uniform in [0, 1), a multiple of 2^-24.
  float uniform(std::uint64_t position) const noexcept;
  /// Uniform in [0, bound), bound > 0; 64 random bits, so the bias is below bound * 2^-64.
  std::uint64_t below(std::uint64_t bound, std::uint64_t position) const noexcept;
  /// Normal, of mean 0 and standard deviation 1, cut off at -2 and 2. The bits hang on no library's functions.
  /// `position` below 2^40.
  double cut_normal(std::uint64_t position) const noexcept;

 private:
  std::uint64_t seed_;
  std::uint64_t index_;
  std::uint32_t stream_;
};

}  // namespace tilewise::base
