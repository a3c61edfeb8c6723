#include <array>
#include <atomic>

#include "plan/parallel.hpp"
#include "plan/shares.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"

using namespace tilewise;
using namespace tilewise::test;

TEST_CASE("each part is taken once, whoever takes it, and each lane begins with its own", "[plan]") {
  constexpr int most_lanes = 7;
  plan::Shares shares(most_lanes);
  for (plan::Backend backend : usable_backends()) {
    const ForcedBackend forced(backend);
    for (int lanes : {1, 2, 3, most_lanes})
      for (std::int64_t parts : {0, 1, 5, 64}) {
        std::array<std::atomic<int>, 64> taken{};
        shares.deal(lanes, parts);
        plan::run(lanes, [&](int lane) {
          shares.take(lane, [&](std::int64_t part) { ++taken[static_cast<std::size_t>(part)]; });
        });
        for (std::int64_t part = 0; part < 64; ++part)
          REQUIRE(taken[static_cast<std::size_t>(part)] == (part < parts ? 1 : 0));
      }
  }
  shares.deal(3, 9);
  std::vector<std::int64_t> order;
  shares.take(1, [&](std::int64_t part) { order.push_back(part); });
  CHECK(order == std::vector<std::int64_t>{3, 4, 5, 6, 7, 8, 0, 1, 2});  // the other lanes never came
}
