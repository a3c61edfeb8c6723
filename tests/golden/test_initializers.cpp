#include <algorithm>
#include <cmath>

#include "golden/golden.hpp"
#include "nn/initializers.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

/// A quarter of a million: chance moves a deviation by 0.14%.
constexpr std::uint64_t all_draws = 1 << 18;

struct Spread {
  double mean = 0, deviation = 0, largest = 0;
};

/// Of many parameters' first values together.
Spread spread_of(Initializer initializer, const Shape& shape, double draws) {
  double sum = 0, squares = 0, count = 0, largest = 0;
  for (std::uint64_t index = 0; count < draws; ++index)
    for (const float value : nn::initial_values(initializer, shape, 7, index)) {
      sum += double{value};
      squares += double{value} * double{value};
      largest = std::max(largest, std::abs(double{value}));
      ++count;
    }
  return {sum / count, std::sqrt(squares / count), largest};
}

Initializer initializer_of(const std::string& name) {
  return *std::find_if(nn::initializers.begin(), nn::initializers.end(),
                       [&](Initializer each) { return nn::initializer_name(each) == name; });
}

}  // namespace

TEST_CASE("initial weights spread as Keras's", "[golden]") {
  const auto draws = static_cast<double>(test::scaled(all_draws));
  const double chance = std::max(1.0, std::sqrt(double{all_draws} / draws));
  for (const json& golden : cases("initializers.json")) {
    INFO(golden.at("name"));
    const auto extents = golden.at("shape").get<std::vector<std::int64_t>>();
    const Spread found = spread_of(initializer_of(golden.at("initializer")),
                                   Shape(extents.data(), static_cast<int>(extents.size())), draws);
    const double deviation = golden.at("deviation");
    CHECK(std::abs(found.mean) < 0.01 * chance * deviation);
    CHECK(found.deviation == Approx(deviation).epsilon(0.008 * chance));
    CHECK(found.largest == Approx(golden.at("largest").get<double>()).epsilon(0.005 * chance));
  }
}
