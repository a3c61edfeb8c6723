#include "base/random.hpp"

#include <Random123/philox.h>

#include <cmath>

namespace tilewise::base {

namespace {

constexpr std::uint32_t low(std::uint64_t x) {
  return static_cast<std::uint32_t>(x);
}
constexpr std::uint32_t high(std::uint64_t x) {
  return static_cast<std::uint32_t>(x >> 32);
}

// A full 64-bit index and position do not both fit beside the stream in 128 counter bits: the upper half of the index
// is folded into the key with an odd multiplier.
r123::Philox4x32::ctr_type block(std::uint64_t seed, std::uint32_t stream, std::uint64_t index,
                                 std::uint64_t position) {
  const r123::Philox4x32::ctr_type counter = {{low(position), high(position), low(index), stream}};
  const r123::Philox4x32::key_type key = {{low(seed), high(seed) ^ (high(index) * 0x9E3779B1u)}};
  return r123::Philox4x32{}(counter, key);
}

/// exp(-x), 0 <= x <= 2, with an error of some 1e-15: exp(-x / 8) by its series, squared three times. std::exp rounds
/// differently from library to library.
double exp_of_negative(double x) {
  constexpr double share = 0.125;
  constexpr int terms = 13;
  double sum = 1;
  for (int n = terms; n > 0; --n) sum = std::fma(sum, -x * share / n, 1.0);
  sum *= sum;
  sum *= sum;
  return sum * sum;
}

/// In (0, 1), symmetric about 1/2.
double open_uniform(std::uint32_t bits) {
  return (static_cast<double>(bits) + 0.5) * 0x1p-32;
}

}  // namespace

Random::Random(std::uint64_t seed, Stream stream, std::uint64_t index) noexcept
    : seed_(seed), index_(index), stream_(static_cast<std::uint32_t>(stream)) {}

std::uint32_t Random::bits(std::uint64_t position) const noexcept {
  return block(seed_, stream_, index_, position / 4)[position % 4];
}

float Random::uniform(std::uint64_t position) const noexcept {
  return static_cast<float>(bits(position) >> 8) * 0x1p-24f;
}

std::uint64_t Random::below(std::uint64_t bound, std::uint64_t position) const noexcept {
  const auto words = block(seed_, stream_, index_, position);
  const std::uint64_t wide = std::uint64_t{words[0]} << 32 | words[1];
  __extension__ using uint128 = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<uint128>(wide) * bound >> 64);
}

// Rejection (von Neumann 1951): x, uniform, is taken with probability exp(-x^2 / 2), which is three times in five. Each
// position has a column of blocks to draw from.
double Random::cut_normal(std::uint64_t position) const noexcept {
  constexpr std::uint64_t next_row = std::uint64_t{1} << 40;
  for (;; position += next_row) {
    const auto words = block(seed_, stream_, index_, position);
    for (std::size_t pair = 0; pair < 4; pair += 2) {
      const double x = 4 * open_uniform(words[pair]) - 2;
      if (open_uniform(words[pair + 1]) < exp_of_negative(x * x / 2)) return x;
    }
  }
}

}  // namespace tilewise::base
