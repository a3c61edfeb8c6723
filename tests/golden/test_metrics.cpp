#include "golden/golden.hpp"
#include "nn/metrics.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

/// A row for each label: one at its class.
Array one_hot(const std::vector<std::int32_t>& labels, const Shape& shape) {
  Array targets{shape, std::vector<float>(static_cast<std::size_t>(shape.elements()))};
  for (std::size_t i = 0; i < labels.size(); ++i)
    targets.values[i * static_cast<std::size_t>(shape[1]) + static_cast<std::size_t>(labels[i])] = 1;
  return targets;
}

}  // namespace

TEST_CASE("metrics are Keras's, against labels and against targets", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("metrics.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Metric metric = golden.contains("k") ? Metric(TopKAccuracy{golden.at("k")}) : Metric(Accuracy{});
      const Array outputs = tensor(golden.at("outputs"));
      const auto labels = golden.at("labels").get<std::vector<std::int32_t>>();
      SmallGraph network(isa, outputs.shape[0]);
      const ValueId scores = network.input(outputs);
      const ValueId of_labels = nn::emit_metric(network.graph(), metric, scores, network.labels(labels)).value;
      const ValueId targets = network.input(one_hot(labels, outputs.shape));
      const ValueId of_targets = nn::emit_metric(network.graph(), metric, scores, targets).value;
      network.run({of_labels, of_targets});

      CHECK(difference(network.get(of_labels), tensor(golden.at("values")).values) == "");
      CHECK(difference(network.get(of_targets), tensor(golden.at("values")).values) == "");
    }
}
