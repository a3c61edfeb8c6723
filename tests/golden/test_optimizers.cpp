#include "golden/clipping_options.hpp"
#include "golden/golden.hpp"
#include "nn/clipping.hpp"
#include "nn/optimizers.hpp"
#include "tilewise/compile.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

/// Options that a case does not name stay as they are.
void read(const json& golden, const char* name, double& option) {
  if (golden.contains(name)) option = golden.at(name);
}
void read(const json& golden, const char* name, LearningRate& option) {
  if (golden.contains(name)) option = golden.at(name).get<double>();
}
void read(const json& golden, const char* name, bool& option) {
  if (golden.contains(name)) option = golden.at(name);
}

template <class AnyAdam>
Optimizer adam_of(const json& golden) {
  AnyAdam adam;
  read(golden, "learning_rate", adam.learning_rate);
  read(golden, "beta_1", adam.beta1);
  read(golden, "beta_2", adam.beta2);
  read(golden, "epsilon", adam.epsilon);
  read(golden, "weight_decay", adam.weight_decay);
  return adam;
}

Optimizer sgd_of(const json& golden) {
  SGD sgd;
  read(golden, "learning_rate", sgd.learning_rate);
  read(golden, "momentum", sgd.momentum);
  read(golden, "nesterov", sgd.nesterov);
  read(golden, "weight_decay", sgd.weight_decay);
  return sgd;
}

Optimizer rmsprop_of(const json& golden) {
  RMSprop rmsprop;
  read(golden, "learning_rate", rmsprop.learning_rate);
  read(golden, "rho", rmsprop.rho);
  read(golden, "momentum", rmsprop.momentum);
  read(golden, "epsilon", rmsprop.epsilon);
  read(golden, "centered", rmsprop.centered);
  read(golden, "weight_decay", rmsprop.weight_decay);
  return rmsprop;
}

/// With `defaults`, those of this library are held to Keras's.
Optimizer optimizer_of(const json& golden) {
  const json options = golden.at("defaults") ? json::object() : golden;
  const std::string kind = golden.at("kind");
  if (kind == "adam") return adam_of<Adam>(options);
  if (kind == "adamw") return adam_of<AdamW>(options);
  if (kind == "sgd") return sgd_of(options);
  REQUIRE(kind == "rmsprop");
  return rmsprop_of(options);
}

}  // namespace

TEST_CASE("optimizers step as Keras's do", "[golden]") {
  for (Isa isa : available_isas())
    for (const json& golden : cases("optimizers.json")) {
      const Optimizer optimizer = optimizer_of(golden);
      const auto start = golden.at("start").get<std::vector<float>>();
      const Shape shape{static_cast<std::int64_t>(start.size())};
      const ops::Kernels kernels(kernels::table(isa));

      plan::ParameterStore store(kernels);
      plan::Graph graph;
      const int variable = store.add("variable", shape), gradient = store.add("gradient", shape);
      store.set(variable, start.data());
      const ValueId rates = graph.add_input("rates", {Shape{2}, ops::Storage::plain});
      const auto gradients =
          nn::emit_clipping(graph, clipping_of(golden), {graph.add_parameter("gradient", shape, gradient)});
      nn::emit_update(graph, optimizer, rates, {graph.add_parameter("variable", shape, variable)}, gradients, store);
      plan::Execution execution(plan::make_plan(graph, {.kernels = kernels, .max_batch = 1, .outputs = {}}), store, 1);
      float step_rates[2];
      execution.bind(rates, step_rates);

      for (std::size_t step = 0; step < golden.at("gradients").size(); ++step) {
        INFO(isa_name(isa) << ": " << golden.at("name") << ", step " << step + 1);
        const nn::StepRates of_step = nn::step_rates(optimizer, static_cast<std::int64_t>(step) + 1);
        step_rates[0] = static_cast<float>(of_step.rate);
        step_rates[1] = static_cast<float>(of_step.decay);
        store.set(gradient, golden.at("gradients")[step].get<std::vector<float>>().data());
        execution.run(1, 1);
        std::vector<float> found(start.size());
        store.get(variable, found.data());
        // Keras rounds after each of some ten operations, this library less often; ten steps add up.
        constexpr double relative = 2e-6, absolute = 2e-6;
        CHECK(difference(found, golden.at("after")[step].get<std::vector<float>>(), relative, absolute) == "");
      }
    }
}
