#include <algorithm>
#include <cmath>

#include "golden/golden.hpp"
#include "nn/initializers.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

struct Spread {
  double mean = 0, deviation = 0, largest = 0;
};

/// Of many parameters' first values together.
Spread spread_of(Initializer initializer, const Shape& shape) {
  constexpr std::int64_t wanted = 1 << 18;
  double sum = 0, squares = 0, count = 0, largest = 0;
  for (std::uint64_t index = 0; count < double{wanted}; ++index)
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
  for (const json& golden : cases("initializers.json")) {
    INFO(golden.at("name"));
    const auto extents = golden.at("shape").get<std::vector<std::int64_t>>();
    const Spread found =
        spread_of(initializer_of(golden.at("initializer")), Shape(extents.data(), static_cast<int>(extents.size())));
    const double deviation = golden.at("deviation");
    // A quarter of a million draws each: chance moves a deviation by 0.14%.
    CHECK(std::abs(found.mean) < 0.01 * deviation);
    CHECK(found.deviation == Approx(deviation).epsilon(0.008));
    CHECK(found.largest == Approx(golden.at("largest").get<double>()).epsilon(0.005));
  }
}
