#include <array>
#include <atomic>

#include "kernels/select.hpp"
#include "ops/elementwise.hpp"
#include "plan/execution.hpp"
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

TEST_CASE("work too small to be shared is done by one lane, and the tests share all", "[plan]") {
  CHECK(plan::least_lane_seconds == 0);
  plan::Graph graph;
  const plan::ValueId x = graph.add_input("x", {{64, 64, 4}});
  const plan::ValueId y = graph.emit(std::make_shared<ops::Relu>(), {x})[0];
  const ops::Kernels kernels(kernels::table(Isa::reference));
  plan::ParameterStore none(kernels);
  plan::Execution execution(plan::make_plan(graph, {.kernels = kernels, .max_batch = 8, .outputs = {y}}), none, 3);
  const std::vector<float> values(8 * 64 * 64 * 4);
  execution.bind(x, values.data());
  const auto lanes_at_work = [&](double least) {
    plan::least_lane_seconds = least;
    plan::Recorder recorder(3);
    execution.record_to(&recorder);
    execution.run(8, 3);
    execution.record_to(nullptr);
    plan::least_lane_seconds = 0;
    int spans = 0;
    for (int lane = 0; lane < 3; ++lane) spans += static_cast<int>(recorder.of_lane(lane).size());
    return spans;  // a tile for each lane that there is work for
  };
  CHECK(lanes_at_work(0) >= 3);
  CHECK(lanes_at_work(1) == 1);
}
