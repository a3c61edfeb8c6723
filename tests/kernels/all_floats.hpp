#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "base/flush_denormals.hpp"
#include "kernels/select.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

// Functions of one float, over all floats: every bit pattern with TILEWISE_TEST_SCALE=long, else one of a prime stride.
namespace tilewise::test {

using namespace kernels;

inline constexpr float infinity = std::numeric_limits<float>::infinity();
inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr double smallest_normal_float = std::numeric_limits<float>::min();

inline std::uint64_t stride() {
  const std::uint64_t two_million = scaled(2'000'000);
  return two_million > 2'000'000 ? 1 : two_million < 2'000'000 ? 107'101 : 2131;
}

using Function = void (*)(const KernelTable<float>& table, const float* in, float* out, std::int64_t count);

/// What is checked, against `exact` in double; results below the smallest normal float are to be zero.
struct Subject {
  const char* name;
  Function apply;
  double (*exact)(double);
  double bound;  ///< in ulp
};

/// In units of the distance between floats at `exact`.
inline double error_in_ulp(float found, double exact) {
  if (std::isnan(exact)) return std::isnan(found) ? 0 : infinity;
  const auto nearest = static_cast<float>(exact);
  if (std::isinf(nearest)) return found == nearest ? 0 : infinity;
  if (std::fabs(exact) < smallest_normal_float) return found == 0 ? 0 : infinity;
  if (!std::isfinite(found)) return infinity;
  int exponent = 0;
  std::frexp(exact, &exponent);
  return std::fabs(found - exact) / std::ldexp(1.0, exponent - 24);
}

struct Worst {
  double error = 0;
  float at = 0;
};

/// The results of one block of inputs on every ISA: the same with and without denormals, and on every ISA with FMA.
class Block {
 public:
  explicit Block(const Subject& subject) : subject_(subject), isas_(available_isas()), worst_(isas_.size()) {}

  void add(float x) {
    in_.push_back(x);
    if (in_.size() == 4096) check();
  }
  void check() {
    std::vector<double> exact(in_.size());
    for (std::size_t i = 0; i < in_.size(); ++i) exact[i] = subject_.exact(in_[i]);
    const std::vector<float> plain = results(Isa::reference);
    for (std::size_t isa = 0; isa < isas_.size(); ++isa) {
      const std::vector<float> found = results(isas_[isa]);
      if (isas_[isa] != Isa::sse2) check_bits(isas_[isa], plain, found);
      for (std::size_t i = 0; i < in_.size(); ++i)
        if (const double error = error_in_ulp(found[i], exact[i]); error > worst_[isa].error)
          worst_[isa] = {error, in_[i]};
    }
    checked_ += in_.size();
    in_.clear();
  }
  void report() const {
    for (std::size_t isa = 0; isa < isas_.size(); ++isa) {
      std::string id = subject_.name;
      id.append("/").append(isa_name(isas_[isa]));
      std::printf("%-24s error at most %.3f ulp, at %a\n", id.c_str(), worst_[isa].error, double(worst_[isa].at));
      CAPTURE(id, worst_[isa].at);
      CHECK(worst_[isa].error <= subject_.bound);
      count_cases("functions of one float", id, checked_);
    }
  }

 private:
  std::vector<float> results(Isa isa) const {
    const auto count = static_cast<std::int64_t>(in_.size());
    std::vector<float> found(in_.size()), flushed(in_.size());
    subject_.apply(table(isa), in_.data(), found.data(), count);
    {
      const base::FlushDenormals flush;
      subject_.apply(table(isa), in_.data(), flushed.data(), count);
    }
    check_bits(isa, found, flushed);
    return found;
  }
  void check_bits(Isa isa, const std::vector<float>& expected, const std::vector<float>& found) const {
    for (std::size_t i = 0; i < in_.size(); ++i) {
      if (std::bit_cast<std::uint32_t>(expected[i]) == std::bit_cast<std::uint32_t>(found[i]) ||
          (std::isnan(expected[i]) && std::isnan(found[i])))
        continue;
      CAPTURE(subject_.name, isa_name(isa), in_[i]);
      REQUIRE(found[i] == expected[i]);
      FAIL("the signs of zeros differ");
    }
  }

  const Subject& subject_;
  std::vector<Isa> isas_;
  std::vector<Worst> worst_;
  std::vector<float> in_;
  std::uint64_t checked_ = 0;
};

inline void check_all_floats(const Subject& subject) {
  Block block(subject);
  for (std::uint64_t bits = 0; bits < std::uint64_t{1} << 32; bits += stride())
    block.add(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
  block.check();
  block.report();
}

/// The same round each of these, where things change.
inline void check_neighbours(const Subject& subject, const std::vector<float>& places) {
  Block block(subject);
  for (float place : places)
    for (int step = -1000; step <= 1000; ++step)
      block.add(std::bit_cast<float>(std::bit_cast<std::uint32_t>(place) + static_cast<std::uint32_t>(step)));
  block.check();
  block.report();
}

}  // namespace tilewise::test
