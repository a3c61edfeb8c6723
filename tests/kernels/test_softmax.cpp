#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/random.hpp"
#include "kernels/select.hpp"
#include "support/catch.hpp"

// Softmax and cross-entropy on logits that are far from each other, infinite or NaN.
namespace tilewise::test {
namespace {

using namespace kernels;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::vector<float> softmax_of(const std::vector<float>& logits, Isa isa) {
  std::vector<float> out(logits.size());
  table(isa).softmax(
      {.in = logits.data(), .out = out.data(), .rows = 1, .classes = static_cast<std::int64_t>(logits.size())});
  return out;
}

std::vector<std::uint32_t> bits_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> bits;
  for (float x : values) bits.push_back(std::isnan(x) ? 0x7fc00000 : std::bit_cast<std::uint32_t>(x));
  return bits;
}

/// In [-scale, scale), one of them `special`.
std::vector<float> drawn_logits(std::int64_t classes, float scale, float special) {
  const base::Random random(3, base::Stream::test, static_cast<std::uint64_t>(classes));
  std::vector<float> logits(static_cast<std::size_t>(classes));
  for (std::size_t j = 0; j < logits.size(); ++j) logits[j] = scale * (2 * random.uniform(j) - 1);
  logits[random.below(logits.size(), 1000)] = special;
  return logits;
}

TEST_CASE("softmax has the same bits on every ISA with FMA, whatever the logits", "[kernels]") {
  for (std::int64_t classes = 1; classes <= 70; ++classes)
    for (float scale : {1.f, 50.f, 1e4f, 3e38f})
      for (float special : {0.f, 1.5f * scale, -infinity, infinity, not_a_number}) {
        const std::vector<float> logits = drawn_logits(classes, scale, special);
        const auto expected = bits_of(softmax_of(logits, Isa::reference));
        for (Isa isa : available_isas()) {
          CAPTURE(isa_name(isa), classes, scale, special);
          if (isa != Isa::sse2) CHECK(bits_of(softmax_of(logits, isa)) == expected);
        }
      }
}

TEST_CASE("softmax sums to one, and is NaN where no answer is", "[kernels]") {
  for (Isa isa : available_isas()) {
    INFO("ISA " << isa_name(isa));
    for (std::int64_t classes : {1, 10, 37}) {
      CAPTURE(classes);
      double sum = 0;
      for (float p : softmax_of(drawn_logits(classes, 20, 0), isa)) sum += double{p};
      CHECK(sum == Approx(1).epsilon(1e-6));
      for (float special : {infinity, not_a_number})
        for (float p : softmax_of(drawn_logits(classes, 20, special), isa)) CHECK(std::isnan(p));
      for (float p : softmax_of(std::vector<float>(static_cast<std::size_t>(classes), -infinity), isa))
        CHECK(std::isnan(p));
    }
    CHECK(softmax_of({-infinity, 5, -infinity}, isa) == std::vector<float>{0, 1, 0});
    CHECK(softmax_of({3e38f, -3e38f}, isa) == std::vector<float>{1, 0});
  }
}

}  // namespace
}  // namespace tilewise::test
