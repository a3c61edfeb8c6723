#include <memory>

#include "golden/golden.hpp"
#include "golden/windows.hpp"
#include "ops/pool2d.hpp"

using namespace tilewise;
using namespace tilewise::golden;

TEST_CASE("MaxPool2D and AveragePool2D give Keras's values and gradients", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("pooling.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Array images = tensor(golden.at("x")), out_gradient = tensor(golden.at("out_gradient"));
      const bool is_max = golden.at("kind") == "max";
      const ops::Window2D window =
          window_of(golden, {golden.at("window").at(0), golden.at("window").at(1)}, images.shape);
      const std::shared_ptr<const ops::Op> op =
          is_max ? std::shared_ptr<const ops::Op>(std::make_shared<ops::MaxPool2D>(window))
                 : std::make_shared<ops::AveragePool2D>(window);
      SmallGraph network(isa, images.shape[0]);
      const ValueId x = network.input(images);
      const std::vector<ValueId> inputs{x}, outputs = network.graph().emit(op, {x});
      std::vector<ValueId> out_gradients(outputs.size(), plan::no_value);
      out_gradients[0] = network.input(out_gradient);
      const auto gradients = op->backward(network.graph(), {inputs, outputs, out_gradients, {true}});
      network.run({outputs[0], gradients[0]});

      // The largest value is one of the inputs; a mean and the sum of a few shares are rounded.
      const double tolerance = is_max ? 0 : 4e-7;
      CHECK(difference(network.get(outputs[0]), tensor(golden.at("y")).values, tolerance, tolerance) == "");
      CHECK(difference(network.get(gradients[0]), tensor(golden.at("x_gradient")).values, tolerance, tolerance) == "");
    }
}
