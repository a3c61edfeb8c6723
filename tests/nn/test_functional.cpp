#include <nlohmann/json.hpp>

#include "nn/architecture.hpp"
#include "nn/functional.hpp"
#include "nn/network.hpp"
#include "nn/networks.hpp"
#include "nn/summary.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// A block with a short cut, and two branches that are joined.
std::pair<Tensor, Tensor> branched() {
  const Tensor x = Input({6, 5, 2});
  const Tensor a = Conv2D(3, 3, {.padding = same, .activation = relu})(x);
  const Tensor sum = Add()(a, Conv2D(3, 1)(x), a);
  const Tensor joined = Concatenate()(MaxPool2D()(sum), AveragePool2D()(a));
  return {x, Dense(3, {.activation = softmax})(Flatten()(joined))};
}

nn::Network branched_network() {
  const auto [x, y] = branched();
  return nn::Network(nn::trace(x, y), x.shape());
}

}  // namespace

TEST_CASE("calls of layers know their shapes, and what does not fit is refused at once", "[nn]") {
  const auto [x, y] = branched();
  CHECK(y.shape() == Shape{3});
  CHECK(Concatenate()(x, x).shape() == Shape{6, 5, 4});
  CHECK_THROWS_WITH(Dense(3)(x), "Dense: expected a vector; found 6x5x2 (put a Flatten before it)");
  CHECK_THROWS_WITH(Add()(x, Conv2D(3, 1)(x)), "Add: inputs of 6x5x2 and 6x5x3; expected one shape");
  CHECK_THROWS_WITH(Add()(x), contains("Add takes two or more inputs; found 1"));
  CHECK_THROWS_WITH(ReLU()(x, x), contains("ReLU takes one input; found 2"));
  CHECK_THROWS_AS(Concatenate()(x, MaxPool2D()(x)), ShapeError);
  CHECK_THROWS_AS(Input({3, 0}), ShapeError);
}

TEST_CASE("a model is traced from its output to its input", "[nn]") {
  const nn::Network network = branched_network();
  std::vector<std::string> names;
  for (const auto& layer : network.layers()) names.push_back(layer.name);
  CHECK(names == std::vector<std::string>{"conv2d", "conv2d_1", "add", "max_pooling2d", "average_pooling2d",
                                          "concatenate", "flatten", "dense"});
  CHECK(!network.topology().is_chain());
  CHECK(network.topology().calls[2] == nn::LayerCall{2, {1, 2, 1}});
  CHECK_THAT(nn::summary(network), contains("add (Add)") && contains("conv2d, conv2d_1, conv2d\n"));
}

TEST_CASE("a layer that is called twice has one set of weights", "[nn]") {
  const Tensor x = Input({5, 5, 2});
  const Conv2D conv(2, 3, {.padding = same});
  const Tensor y = Add()(conv(conv(x)), x);
  const nn::Network network(nn::trace(x, y), x.shape());
  CHECK(network.layers().size() == 2);
  CHECK(network.topology().calls.size() == 3);
  CHECK(network.parameter_count() == 3 * 3 * 2 * 2 + 2);
  const Conv2D other(4, 3, {.padding = same});
  const Tensor z = other(other(x));
  CHECK_THROWS_WITH(Model(x, z), contains("layer 1 (conv2d): its kernel is 3x3x2x4 from an earlier call"));
}

TEST_CASE("a model that is not one is refused", "[nn]") {
  const Tensor x = Input({4, 4, 1}), other = Input({4, 4, 1}), y = ReLU()(x);
  CHECK_THROWS_WITH(Model(x, x), contains("its output is its input"));
  CHECK_THROWS_WITH(Model(y, ReLU()(y)), contains("its input is a layer's result"));
  CHECK_THROWS_WITH(Model(other, y), contains("another Input"));
  CHECK_THROWS_WITH(Model(x, Add()(y, other)), contains("another Input"));
}

TEST_CASE("a deep model is traced", "[nn]") {
  const Tensor x = Input({1});
  Tensor y = ReLU()(x);
  for (int i = 0; i < 2000; ++i) y = ReLU()(y);
  CHECK(nn::trace(x, y).calls.size() == 2001);
}

TEST_CASE("a branched architecture survives JSON, and a broken one is refused", "[nn]") {
  const std::string text = nn::architecture_to_json(branched_network());
  CHECK(nn::architecture_to_json(nn::network_from_json(text)) == text);
  const auto with_calls = [&](const nlohmann::json& calls) {
    nlohmann::json changed = nlohmann::json::parse(text);
    changed["calls"] = calls;
    return [text = changed.dump()] { nn::network_from_json(text); };
  };
  using nlohmann::json;
  CHECK_THROWS_WITH(with_calls(5)(), "field 'calls': expected a list");
  CHECK_THROWS_WITH(with_calls({{{"layer", 0}, {"inputs", {0}}}})(), "call 1: layer 0; expected at least 1");
  CHECK_THROWS_WITH(with_calls({{{"layer", 9}, {"inputs", {0}}}})(), "call 1: layer 9; there are 8");
  CHECK_THROWS_WITH(with_calls({{{"layer", 1}, {"inputs", {-1}}}})(), "call 1: input -1; expected at least 0");
  CHECK_THROWS_WITH(with_calls({{{"layer", 1}, {"inputs", {1}}}})(),
                    "call 1: reads the result of call 1; expected an earlier one, or 0 for the samples");
  CHECK_THROWS_WITH(with_calls({{{"layer", 1}, {"inputs", json::array()}}})(),
                    "call 1: no inputs; expected one or more");
  CHECK_THROWS_WITH(with_calls({{{"layer", 1}, {"inputs", {0}}}})(), "layer 2 is called nowhere");
}

TEST_CASE("a branched model trains, and comes back from its file", "[nn]") {
  const auto [x, y] = branched();
  Model model(x, y);
  model.compile(with_accuracy(Adam{.learning_rate = 0.02}));
  const Dataset data = striped_images({6, 5, 2}, 3, 240);
  const History history = model.fit(data.shuffle(240).batch(16), {.epochs = 12});
  CHECK(history.epochs.back().training.accuracy.value() > 0.9);
  CHECK_THAT(model.describe_plan(16, true), contains("concatenate"));
}
