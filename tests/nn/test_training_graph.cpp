#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/select.hpp"
#include "nn/network.hpp"
#include "nn/networks.hpp"
#include "nn/optimizers.hpp"
#include "plan/execution.hpp"
#include "plan/plan.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"

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

TEST_CASE("a large parameter is updated with its gradient or behind it, the small ones together at the end", "[nn]") {
  const nn::Network network({Conv2D(512, {3, 3}), Flatten(), Dense(256)}, {3, 3, 32});
  plan::ParameterStore store = store_for(network);
  const auto updates_with = [&](const CompileOptions& options) {
    const nn::TrainingGraph graph = nn::training_graph(network, options, store);
    const auto plan =
        plan::make_plan(graph.graph, {.kernels = store.kernels(), .max_batch = 4, .outputs = graph.outputs()});
    std::vector<std::string> kinds;
    for (const plan::PlannedStep& step : plan->steps)
      if (const std::string kind(step.node.op->kind()); kind.ends_with("backward") || kind.ends_with("update"))
        if (kind.find("loss") == kind.npos && kind.find("cross") == kind.npos)
          kinds.push_back(step.node.name + " " + kind + step.node.note);
    return kinds;
  };
  const auto loss = SparseCategoricalCrossentropy{.from_logits = true};
  CHECK(updates_with({.loss = loss}) ==
        std::vector<std::string>{"dense dense_backward", "dense dense_update+adam_update", "conv2d conv2d_backward",
                                 "optimizer adam_update", "optimizer adam_update"});
  // What scales gradients needs them.
  const auto clipped = updates_with({.loss = loss, .clip_norm = 1});
  CHECK(std::count(clipped.begin(), clipped.end(), "optimizer adam_update") == 3);
}

TEST_CASE("a dense layer's kernel that is updated with its gradient has the same bits as behind it", "[nn]") {
  constexpr std::int64_t batch = 5;
  const Optimizer optimizer =
      GENERATE(values<Optimizer>({SGD{}, SGD{.momentum = 0.9, .nesterov = true}, Adam{.weight_decay = 0.01},
                                  RMSprop{.momentum = 0.5, .centered = true}}));
  const nn::Network network({Dense(257, {.activation = relu}), Dense(520)}, {270});
  std::vector<float> x(270 * batch);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 37 % 101) / 101 - 0.4f;
  const std::vector<std::int32_t> labels{3, 500, 0, 519, 77};
  for (const Isa isa : available_isas()) {
    const auto trained = [&](bool fuse, int threads) {
      plan::ParameterStore store{ops::Kernels(kernels::table(isa))};
      network.allocate(store);
      network.initialize(store, 7);
      const nn::TrainingGraph graph = nn::training_graph(
          network, {.optimizer = optimizer, .loss = SparseCategoricalCrossentropy{.from_logits = true}}, store);
      plan::Execution execution(
          plan::make_plan(graph.graph,
                          {.kernels = store.kernels(), .max_batch = batch, .outputs = graph.outputs(), .fuse = fuse}),
          store, threads);
      execution.bind(graph.inputs, x.data());
      execution.bind(graph.truth, labels.data());
      for (int step = 1; step <= 3; ++step) {
        const nn::StepRates rates = nn::step_rates(optimizer, step);
        const float of_step[] = {static_cast<float>(rates.rate), static_cast<float>(rates.decay)};
        execution.bind(graph.rates, of_step);
        execution.run(batch, threads);
      }
      std::vector<std::vector<float>> parameters;
      for (int number = 0; number < store.count(); ++number) {
        parameters.emplace_back(static_cast<std::size_t>(store.shape(number).elements()));
        store.get(number, parameters.back().data());
      }
      return parameters;
    };
    INFO("isa " << static_cast<int>(isa));
    const auto expected = trained(false, 1);
    CHECK(trained(true, 1) == expected);
    CHECK(trained(true, 3) == expected);
  }
}

TEST_CASE("the rate of a step carries Adam's bias correction", "[nn]") {
  CHECK(nn::step_rates(SGD{.learning_rate = 0.25}, 7).rate == 0.25);
  CHECK(nn::step_rates(Adam{}, 1).rate == Approx(1e-3 * std::sqrt(1 - 0.999) / (1 - 0.9)).epsilon(1e-12));
  CHECK(nn::step_rates(Adam{}, 3).rate ==
        Approx(1e-3 * std::sqrt(1 - 0.999 * 0.999 * 0.999) / (1 - 0.9 * 0.9 * 0.9)).epsilon(1e-12));
  CHECK(nn::step_rates(Adam{}, 1'000'000'000).rate == Approx(1e-3).epsilon(1e-12));
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
  CHECK_THROWS_WITH(nn::check_optimizer(AdamW{.beta1 = 1}),
                    "AdamW: beta1 must be at least 0 and below 1; found 1.000000");
  CHECK_THROWS_AS(nn::check_optimizer(SGD{.momentum = 1}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(SGD{.momentum = NAN}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(SGD{.weight_decay = -1}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(Adam{.weight_decay = INFINITY}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(RMSprop{.rho = -0.5}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(RMSprop{.momentum = 1}), ArgumentError);
  CHECK_THROWS_AS(nn::check_optimizer(RMSprop{.epsilon = 0}), ArgumentError);
}

TEST_CASE("an optimizer keeps the state that its options need", "[nn]") {
  const nn::Network network(nn::Topology::chain({Dense(2)}), {3});
  const auto states = [&](const Optimizer& optimizer) {
    plan::ParameterStore store = store_for(network);
    nn::training_graph(network, {.optimizer = optimizer, .loss = SparseCategoricalCrossentropy{.from_logits = true}},
                       store);
    std::vector<std::string> names;
    for (int number = 2; number < store.count(); number += 1) names.push_back(store.name(number));
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(states(SGD{.weight_decay = 0.1}).empty());
  CHECK(states(SGD{.momentum = 0.9}) == Names{"sgd/dense/kernel/m", "sgd/dense/bias/m"});
  CHECK(states(AdamW{}).size() == 4);
  CHECK(states(RMSprop{}) == Names{"rmsprop/dense/kernel/v", "rmsprop/dense/bias/v"});
  CHECK(states(RMSprop{.momentum = 0.5, .centered = true}) ==
        Names{"rmsprop/dense/kernel/v", "rmsprop/dense/kernel/mean", "rmsprop/dense/kernel/m", "rmsprop/dense/bias/v",
              "rmsprop/dense/bias/mean", "rmsprop/dense/bias/m"});
}

TEST_CASE("the decay of a step is the weight decay times the learning rate, without Adam's correction", "[nn]") {
  CHECK(nn::step_rates(SGD{.learning_rate = 0.25, .weight_decay = 0.5}, 3).decay == 0.125);
  CHECK(nn::step_rates(AdamW{}, 1).decay == Approx(4e-6));
  CHECK(nn::step_rates(AdamW{}, 1).rate == nn::step_rates(Adam{}, 1).rate);
  CHECK(nn::step_rates(Adam{}, 1).decay == 0);
}

TEST_CASE("a network without weights is not trained", "[nn]") {
  const nn::Network network({Flatten(), Softmax()}, {2, 2, 1});
  plan::ParameterStore store = store_for(network);
  CHECK_THROWS_AS(nn::training_graph(network, {}, store), ArgumentError);
}
