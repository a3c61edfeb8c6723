#include "nn/optimizers.hpp"

#include <cmath>

#include "ops/optimizer.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

void require(bool holds, const char* what, double value) {
  if (!holds) throw ArgumentError(std::string(what) + "; found " + std::to_string(value));
}

void require_rate(double rate) {
  require(std::isfinite(rate) && rate > 0, "the learning rate must be finite and above 0", rate);
}

void check(const SGD& sgd) {
  require_rate(sgd.learning_rate);
}

void check(const Adam& adam) {
  require_rate(adam.learning_rate);
  require(adam.beta1 >= 0 && adam.beta1 < 1, "Adam's beta1 must be at least 0 and below 1", adam.beta1);
  require(adam.beta2 >= 0 && adam.beta2 < 1, "Adam's beta2 must be at least 0 and below 1", adam.beta2);
  require(std::isfinite(adam.epsilon) && adam.epsilon > 0, "Adam's epsilon must be finite and above 0", adam.epsilon);
}

/// The number of a state parameter that is zero.
int zeroed_state(plan::ParameterStore& store, const std::string& name, const ops::TensorSpec& spec) {
  int number = 0;
  while (number < store.count() && store.name(number) != name) ++number;
  if (number == store.count()) return store.add(name, spec.shape, spec.groups);
  store.set(number, std::vector<float>(static_cast<std::size_t>(spec.shape.elements())).data());
  return number;
}

void emit(plan::Graph& graph, const SGD&, ValueId rate, const std::vector<ValueId>& parameters,
          const std::vector<ValueId>& gradients, plan::ParameterStore&) {
  std::vector<ValueId> inputs{rate};
  for (std::size_t i = 0; i < parameters.size(); ++i) inputs.insert(inputs.end(), {parameters[i], gradients[i]});
  graph.emit(std::make_shared<ops::SgdUpdate>(), std::move(inputs));
}

void emit(plan::Graph& graph, const Adam& adam, ValueId rate, const std::vector<ValueId>& parameters,
          const std::vector<ValueId>& gradients, plan::ParameterStore& store) {
  std::vector<ValueId> inputs{rate};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto [name, spec, role, number] = graph.value(parameters[i]);
    inputs.insert(inputs.end(), {parameters[i], gradients[i]});
    for (const char* moment : {"m", "v"}) {
      const std::string state = "adam/" + name + "/" + moment;
      inputs.push_back(graph.add_parameter(state, spec.shape, zeroed_state(store, state, spec), spec.groups));
    }
  }
  graph.emit(std::make_shared<ops::AdamUpdate>(adam.beta1, adam.beta2, adam.epsilon), std::move(inputs));
}

double rate_at(const SGD& sgd, std::int64_t) {
  return sgd.learning_rate;
}

double rate_at(const Adam& adam, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return adam.learning_rate * std::sqrt(1 - std::pow(adam.beta2, t)) / (1 - std::pow(adam.beta1, t));
}

}  // namespace

void check_optimizer(const Optimizer& optimizer) {
  std::visit([](const auto& which) { check(which); }, optimizer);
}

void emit_update(plan::Graph& graph, const Optimizer& optimizer, ValueId rate, const std::vector<ValueId>& parameters,
                 const std::vector<ValueId>& gradients, plan::ParameterStore& store) {
  graph.set_scope("optimizer");
  std::visit([&](const auto& which) { emit(graph, which, rate, parameters, gradients, store); }, optimizer);
}

double step_rate(const Optimizer& optimizer, std::int64_t step) {
  return std::visit([&](const auto& which) { return rate_at(which, step); }, optimizer);
}

}  // namespace tilewise::nn
