#include <cmath>

#include "kernels/select.hpp"
#include "nn/network.hpp"
#include "nn/networks.hpp"
#include "nn/optimizers.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

bool has_op(const plan::Graph& graph, std::string_view kind) {
  for (const plan::Node& node : graph.nodes())
    if (node.op->kind() == kind) return true;
  return false;
}

plan::ParameterStore store_for(const nn::Network& network) {
  plan::ParameterStore store{ops::Kernels(kernels::table(Isa::reference))};
  network.allocate(store);
  return store;
}

}  // namespace

TEST_CASE("after a softmax the loss is computed from the logits", "[nn]") {
  const nn::Network with_softmax({Dense(4, {.activation = softmax})}, {6}), without({Dense(4)}, {6});
  const auto loss_of = [](const nn::Network& network, bool from_logits) {
    return nn::evaluation_graph(network, SparseCategoricalCrossentropy{.from_logits = from_logits}, {}).graph;
  };
  CHECK(has_op(loss_of(with_softmax, false), "softmax_cross_entropy"));
  CHECK(has_op(loss_of(without, true), "softmax_cross_entropy"));
  CHECK(has_op(loss_of(without, false), "cross_entropy"));
  CHECK_THROWS_AS(loss_of(with_softmax, true), ArgumentError);
  CHECK_THROWS_AS(loss_of(nn::Network({ReLU()}, {2, 2, 1}), false), ShapeError);
}

TEST_CASE("the state of an optimizer is kept beside the weights, and zeroed by the next one", "[nn]") {
  const nn::Network network({Dense(2)}, {3});
  plan::ParameterStore store = store_for(network);
  const auto loss = SparseCategoricalCrossentropy{.from_logits = true};
  nn::training_graph(network, {.optimizer = SGD{}, .loss = loss}, store);
  CHECK(store.count() == 2);
  nn::training_graph(network, {.optimizer = Adam{}, .loss = loss}, store);
  REQUIRE(store.count() == 6);
  CHECK(store.name(2) == "adam/dense/kernel/m");
  CHECK(store.name(5) == "adam/dense/bias/v");
  const std::vector<float> ones(6, 1.0f);
  store.set(2, ones.data());
  nn::training_graph(network, {.optimizer = Adam{}, .loss = loss}, store);
  CHECK(store.count() == 6);
  std::vector<float> m(6, 7.0f);
  store.get(2, m.data());
  CHECK(m == std::vector<float>(6));
}

TEST_CASE("the rate of a step carries Adam's bias correction", "[nn]") {
  CHECK(nn::step_rate(SGD{.learning_rate = 0.25}, 7) == 0.25);
  CHECK(nn::step_rate(Adam{}, 1) == Approx(1e-3 * std::sqrt(1 - 0.999) / (1 - 0.9)).epsilon(1e-12));
  CHECK(nn::step_rate(Adam{}, 3) ==
        Approx(1e-3 * std::sqrt(1 - 0.999 * 0.999 * 0.999) / (1 - 0.9 * 0.9 * 0.9)).epsilon(1e-12));
  CHECK(nn::step_rate(Adam{}, 1'000'000'000) == Approx(1e-3).epsilon(1e-12));
}

TEST_CASE("optimizers with impossible options are refused", "[nn]") {
  for (const double rate : {0.0, -1.0, double(INFINITY), double(NAN)}) {
    CHECK_THROWS_AS(nn::check_optimizer(SGD{.learning_rate = rate}), ArgumentError);
    CHECK_THROWS_AS(nn::check_optimizer(Adam{.learning_rate = rate}), ArgumentError);
  }
  CHECK_THROWS_AS(nn::check_optimizer(Adam{.beta1 = 1}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(Adam{.beta2 = -0.1}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(Adam{.epsilon = 0}), ArgumentError);
  CHECK_NOTHROW(nn::check_optimizer(Adam{.beta1 = 0}));
}

TEST_CASE("a network without weights is not trained", "[nn]") {
  const nn::Network network({Flatten(), Softmax()}, {2, 2, 1});
  plan::ParameterStore store = store_for(network);
  CHECK_THROWS_AS(nn::training_graph(network, {}, store), ArgumentError);
}
