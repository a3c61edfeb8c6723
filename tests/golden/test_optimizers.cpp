#include "golden/golden.hpp"
#include "nn/optimizers.hpp"
#include "tilewise/compile.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

Optimizer optimizer_of(const json& golden) {
  if (golden.at("kind") == "adam") {
    if (golden.at("defaults")) return Adam{};
    return Adam{golden.at("learning_rate"), golden.at("beta_1"), golden.at("beta_2"), golden.at("epsilon")};
  }
  return golden.at("defaults") ? SGD{} : SGD{golden.at("learning_rate")};
}

}  // namespace

TEST_CASE("Adam and SGD step as Keras's do", "[golden]") {
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
      const ValueId rate = graph.add_input("rate", {Shape{1}, ops::Storage::plain});
      nn::emit_update(graph, optimizer, rate, {graph.add_parameter("variable", shape, variable)},
                      {graph.add_parameter("gradient", shape, gradient)}, store);
      plan::Execution execution(plan::make_plan(graph, {.kernels = kernels, .max_batch = 1, .outputs = {}}), store, 1);
      float step_rate = 0;
      execution.bind(rate, &step_rate);

      for (std::size_t step = 0; step < golden.at("gradients").size(); ++step) {
        INFO(isa_name(isa) << ": " << golden.at("name") << ", step " << step + 1);
        step_rate = static_cast<float>(nn::step_rate(optimizer, static_cast<std::int64_t>(step) + 1));
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
