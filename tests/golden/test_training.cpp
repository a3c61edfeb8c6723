#include <variant>

#include "golden/golden.hpp"
#include "support/settings.hpp"
#include "tilewise/tilewise.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

std::vector<Weights> weights_of(const json& list) {
  std::vector<Weights> weights;
  for (const json& entry : list) {
    const Array values = tensor(entry);
    weights.push_back({entry.at("name"), values.shape, values.values});
  }
  return weights;
}

}  // namespace

TEST_CASE("a small network trains as in Keras", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("training.json")) {
      INFO(isa_name(isa) << ": " << golden.at("name"));
      const test::ForcedIsa forced(isa);
      const Array samples = tensor(golden.at("samples"));
      const Dataset data(Shape(samples.shape.begin() + 1, samples.shape.rank() - 1), samples.values,
                         golden.at("labels").get<std::vector<std::int32_t>>());
      Sequential model{
          Conv2D(3, {3, 3}, {.padding = same, .activation = relu, .name = "conv"}),
          MaxPool2D(),
          Flatten(),
          Dense(3, {.activation = softmax, .name = "dense"}),
      };
      model.build(data.sample_shape());
      model.set_weights(weights_of(golden.at("weights")));
      const double rate = golden.at("learning_rate");
      model.compile({.optimizer = golden.at("name") == "adam" ? Optimizer(Adam{.learning_rate = rate})
                                                              : Optimizer(SGD{.learning_rate = rate}),
                     .metrics = {Accuracy{}}});
      const Pipeline batches = data.batch(golden.at("batch"));
      const History history = model.fit(batches, {.validation = batches, .epochs = golden.at("epochs")});

      // Some 9 steps, each with sums of about 50 roundings.
      constexpr double tolerance = 2e-5;
      for (const EpochRecord& epoch : history.epochs) {
        const auto value = [&](const char* name) {
          return golden.at("history").at(name).at(static_cast<std::size_t>(epoch.epoch - 1)).get<double>();
        };
        CHECK(std::abs(epoch.training.loss - value("loss")) < tolerance);
        CHECK(std::abs(epoch.training.accuracy.value() - value("accuracy")) < tolerance);
        CHECK(std::abs(epoch.validation->loss - value("val_loss")) < tolerance);
        CHECK(std::abs(epoch.validation->accuracy.value() - value("val_accuracy")) < tolerance);
      }
      const auto trained = weights_of(golden.at("trained"));
      const auto found = model.weights();
      REQUIRE(found.size() == trained.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        INFO(found[i].name);
        CHECK(found[i].name == trained[i].name);
        CHECK(difference(found[i].values, trained[i].values, tolerance, tolerance) == "");
      }
      CHECK(difference(model.predict(samples.values.data(), samples.shape[0]), tensor(golden.at("predictions")).values,
                       tolerance, tolerance) == "");
    }
}
