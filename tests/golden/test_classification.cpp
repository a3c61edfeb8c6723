#include <memory>

#include "golden/golden.hpp"
#include "ops/classification.hpp"
#include "ops/top_k_accuracy.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

// A few roundings of values of about 1.
constexpr double relative = 1e-6, absolute = 1e-7;

}  // namespace

TEST_CASE("cross-entropy, its gradient and softmax of logits are Keras's", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("classification.json")) {
      if (!golden.at("from_logits")) continue;
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Array logits = tensor(golden.at("outputs"));
      SmallGraph network(isa, logits.shape[0]);
      const ValueId x = network.input(logits), labels = network.labels(golden.at("labels"));
      const ValueId softmax = network.graph().emit(std::make_shared<ops::Softmax>(), {x})[0];
      const ValueId loss = network.graph().emit(std::make_shared<ops::SoftmaxCrossEntropy>(), {x, labels})[0];
      const ValueId accuracy = network.graph().emit(std::make_shared<ops::TopKAccuracy>(1), {x, labels})[0];
      const ValueId gradient = plan::differentiate(network.graph(), loss, {x})[0];
      network.run({softmax, loss, accuracy, gradient});

      CHECK(difference(network.get(softmax), tensor(golden.at("softmax")).values, relative, absolute) == "");
      CHECK(difference(network.get(loss), tensor(golden.at("loss")).values, relative, absolute) == "");
      CHECK(difference(network.get(gradient), tensor(golden.at("mean_gradient")).values, relative, absolute) == "");
      CHECK(difference(network.get(accuracy), tensor(golden.at("accuracy")).values) == "");
    }
}

TEST_CASE("cross-entropy of probabilities is Keras's, clipped as there", "[golden]") {
  // Keras divides by the clipped row's sum, which is off from one by 1e-7 for each class that was clipped.
  constexpr double clipping = 5e-7;
  for (Isa isa : available_isas())
    for (const json& golden : cases("classification.json")) {
      if (golden.at("from_logits")) continue;
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const Array probabilities = tensor(golden.at("outputs"));
      SmallGraph network(isa, probabilities.shape[0]);
      const ValueId p = network.input(probabilities), labels = network.labels(golden.at("labels"));
      const ValueId loss = network.graph().emit(std::make_shared<ops::CrossEntropy>(), {p, labels})[0];
      const ValueId accuracy = network.graph().emit(std::make_shared<ops::TopKAccuracy>(1), {p, labels})[0];
      network.run({loss, accuracy});

      CHECK(difference(network.get(loss), tensor(golden.at("loss")).values, relative, clipping) == "");
      CHECK(difference(network.get(accuracy), tensor(golden.at("accuracy")).values) == "");
    }
}
