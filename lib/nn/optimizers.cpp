#include "nn/optimizers.hpp"

#include <cmath>

#include "nn/learning_rate.hpp"
#include "nn/option_checks.hpp"
#include "ops/optimizer.hpp"

namespace tilewise::nn {

namespace {

Adam as_adam(const AdamW& adam) {
  return {adam.learning_rate, adam.beta1, adam.beta2, adam.epsilon, adam.weight_decay};
}

void check(const SGD& sgd, const OptionChecks& options) {
  options.below_one("momentum", sgd.momentum);
}

void check(const Adam& adam, const OptionChecks& options) {
  options.below_one("beta1", adam.beta1);
  options.below_one("beta2", adam.beta2);
  options.above_zero("epsilon", adam.epsilon);
}

void check(const AdamW& adam, const OptionChecks& options) {
  check(as_adam(adam), options);
}

void check(const RMSprop& rmsprop, const OptionChecks& options) {
  options.below_one("rho", rmsprop.rho);
  options.below_one("momentum", rmsprop.momentum);
  options.above_zero("epsilon", rmsprop.epsilon);
}

const char* name_of(const SGD&) {
  return "SGD";
}
const char* name_of(const Adam&) {
  return "Adam";
}
const char* name_of(const AdamW&) {
  return "AdamW";
}
const char* name_of(const RMSprop&) {
  return "RMSprop";
}

/// The update op, and the names of a parameter's state in the op's order, "adam/m".
struct Update {
  std::shared_ptr<const ops::Op> op;
  std::string prefix;
  std::vector<const char*> state;
};

Update update_of(const SGD& sgd) {
  if (sgd.momentum == 0) return {std::make_shared<ops::SgdUpdate>(), "sgd", {}};
  return {std::make_shared<ops::SgdMomentumUpdate>(sgd.momentum, sgd.nesterov), "sgd", {"m"}};
}

Update update_of(const Adam& adam) {
  return {std::make_shared<ops::AdamUpdate>(adam.beta1, adam.beta2, adam.epsilon), "adam", {"m", "v"}};
}

Update update_of(const AdamW& adam) {
  return update_of(as_adam(adam));
}

Update update_of(const RMSprop& rmsprop) {
  const ops::RmspropOptions options{rmsprop.rho, rmsprop.momentum, rmsprop.epsilon, rmsprop.centered};
  Update update{std::make_shared<ops::RmspropUpdate>(options), "rmsprop", {"v"}};
  if (rmsprop.centered) update.state.push_back("mean");
  if (rmsprop.momentum != 0) update.state.push_back("m");
  return update;
}

/// Elements of a parameter whose update is a step of its own, which the plan may run as soon as its gradient is there.
constexpr std::int64_t large_parameter = 128 * 1024;

/// The rate of a step: the learning rate with Adam's bias correction.
template <class Which>
double corrected(double learning_rate, const Which&, std::int64_t) {
  return learning_rate;
}

double corrected(double learning_rate, const Adam& adam, std::int64_t step) {
  const auto t = static_cast<double>(step);
  return learning_rate * std::sqrt(1 - std::pow(adam.beta2, t)) / (1 - std::pow(adam.beta1, t));
}

double corrected(double learning_rate, const AdamW& adam, std::int64_t step) {
  return corrected(learning_rate, as_adam(adam), step);
}

/// The number of a state parameter that is zero.
int zeroed_state(plan::ParameterStore& store, const std::string& name, const ops::TensorSpec& spec) {
  int number = 0;
  while (number < store.count() && store.name(number) != name) ++number;
  if (number == store.count()) return store.add(name, spec.shape, spec.groups);
  store.set(number, std::vector<float>(static_cast<std::size_t>(spec.shape.elements())).data());
  return number;
}

}  // namespace

void check_optimizer(const Optimizer& optimizer) {
  std::visit(
      [](const auto& which) {
        const OptionChecks options(name_of(which));
        check_learning_rate(which.learning_rate, options);
        options.not_negative("weight_decay", which.weight_decay);
        check(which, options);
      },
      optimizer);
}

void emit_update(plan::Graph& graph, const Optimizer& optimizer, ValueId rates, const std::vector<ValueId>& parameters,
                 const std::vector<ValueId>& gradients, plan::ParameterStore& store) {
  graph.set_scope("optimizer");
  const Update update = std::visit([](const auto& which) { return update_of(which); }, optimizer);
  std::vector<ValueId> of_small{rates};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto [name, spec, role, number] = graph.value(parameters[i]);
    std::vector<ValueId> group{parameters[i], gradients[i]};
    for (const char* part : update.state) {
      const std::string state = update.prefix + "/" + name + "/" + part;
      group.push_back(graph.add_parameter(state, spec.shape, zeroed_state(store, state, spec), spec.groups));
    }
    if (spec.shape.elements() < large_parameter) {
      of_small.insert(of_small.end(), group.begin(), group.end());
    } else {
      group.insert(group.begin(), rates);
      graph.emit(update.op, group);
    }
  }
  if (of_small.size() > 1) graph.emit(update.op, of_small);
}

StepRates step_rates(const Optimizer& optimizer, std::int64_t step) {
  return std::visit(
      [&](const auto& which) {
        const double learning_rate = which.learning_rate.after(step - 1);
        return StepRates{corrected(learning_rate, which, step), which.weight_decay * learning_rate};
      },
      optimizer);
}

}  // namespace tilewise::nn
