#include <memory>

#include "golden/golden.hpp"
#include "golden/windows.hpp"
#include "ops/conv2d.hpp"

using namespace tilewise;
using namespace tilewise::golden;

// Small integers: every sum is exact, so every value must be equal.
TEST_CASE("Conv2D gives Keras's values and gradients", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("conv2d.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Array images = tensor(golden.at("x")), kernel = tensor(golden.at("kernel")),
                  out_gradient = tensor(golden.at("out_gradient"));
      SmallGraph network(isa, images.shape[0]);
      const std::vector<ValueId> inputs{network.input(images), network.parameter(kernel),
                                        network.parameter(tensor(golden.at("bias")))};
      const auto op = std::make_shared<ops::Conv2D>(
          ops::Conv2DAttributes{.window = window_of(golden, {kernel.shape[0], kernel.shape[1]}, images.shape)});
      const std::vector<ValueId> outputs = network.graph().emit(op, {inputs[0], inputs[1], inputs[2]});
      const std::vector<ValueId> out_gradients{network.input(out_gradient)};
      const auto gradients = op->backward(network.graph(), {inputs, outputs, out_gradients, {true, true, true}});
      network.run({outputs[0], gradients[0], gradients[1], gradients[2]});

      CHECK(difference(network.get(outputs[0]), tensor(golden.at("y")).values) == "");
      CHECK(difference(network.get(gradients[0]), tensor(golden.at("x_gradient")).values) == "");
      CHECK(difference(network.get(gradients[1]), tensor(golden.at("kernel_gradient")).values) == "");
      CHECK(difference(network.get(gradients[2]), tensor(golden.at("bias_gradient")).values) == "");
    }
}
