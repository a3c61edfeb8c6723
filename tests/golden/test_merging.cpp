#include "golden/given_gradient.hpp"
#include "golden/golden.hpp"
#include "nn/layer.hpp"

using namespace tilewise;
using namespace tilewise::golden;

// Small integers: every value must be equal.
TEST_CASE("Add and Concatenate give Keras's values and gradients", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("merging.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Layer layer = golden.at("kind") == "Add" ? Layer(Add()) : Layer(Concatenate());
      const Array out_gradient = tensor(golden.at("out_gradient"));
      SmallGraph network(isa, out_gradient.shape[0]);
      std::vector<ValueId> inputs;
      for (const json& input : golden.at("inputs")) inputs.push_back(network.input(tensor(input)));
      std::vector<nn::Parameter> parameters;
      nn::LayerBuilder builder(network.graph(), parameters, nn::Mode::training, 0);
      const ValueId y = layer.definition().emit_inputs(builder, inputs);
      const auto gradients = gradients_from(network.graph(), y, network.input(out_gradient), inputs);
      std::vector<ValueId> outputs = gradients;
      outputs.push_back(y);
      network.run(outputs);

      CHECK(difference(network.get(y), tensor(golden.at("y")).values) == "");
      for (std::size_t input = 0; input < inputs.size(); ++input) {
        CAPTURE(input);
        CHECK(difference(network.get(gradients[input]), tensor(golden.at("gradients")[input]).values) == "");
      }
    }
}
