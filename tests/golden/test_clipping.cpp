#include "golden/clipping_options.hpp"
#include "golden/golden.hpp"
#include "nn/clipping.hpp"

using namespace tilewise;
using namespace tilewise::golden;

TEST_CASE("gradients of several weights are clipped as Keras clips them", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("clipping.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      SmallGraph network(isa, 1);
      std::vector<ValueId> gradients;
      for (const json& gradient : golden.at("gradients")) gradients.push_back(network.parameter(tensor(gradient)));
      const auto clipped = nn::emit_clipping(network.graph(), clipping_of(golden), gradients);
      network.run(clipped);
      for (std::size_t i = 0; i < clipped.size(); ++i) {
        CAPTURE(i);
        constexpr double tolerance = 3e-7;
        CHECK(difference(network.get(clipped[i]), tensor(golden.at("clipped")[i]).values, tolerance, 0) == "");
      }
    }
}
