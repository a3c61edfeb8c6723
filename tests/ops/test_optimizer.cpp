#include <cmath>

#include "ops/optimizer.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

TEST_CASE("one update changes every parameter by its formula, on every ISA and number of threads", "[ops]") {
  const TensorSpec rate{{1}, Storage::plain}, big{{3, 3, 40, 70}, Storage::packed}, small{{70}, Storage::packed};
  const double lr = 0.125, beta1 = 0.75, beta2 = 0.5, epsilon = 0.25;
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int threads : {1, 3}) {
      INFO("isa " << kernels.isa() << ", threads " << threads);
      plan::Graph graph;
      plan::ParameterStore store(kernels);
      std::vector<plan::ValueId> adam{graph.add_input("rate", rate)};
      std::vector<Values> before;
      for (const TensorSpec& spec : {big, small})
        for (const char* role : {"parameter", "gradient", "m", "v"}) {
          const int number = store.add(role, spec.shape);
          Values values = integers(spec, 1, 8, before.size() + 1);
          if (*role == 'v')
            for (double& value : values) value = std::abs(value);
          store.set(number, values.data());
          before.push_back(values);
          adam.push_back(graph.add_parameter(role, spec.shape, number));
        }
      graph.emit(std::make_shared<ops::AdamUpdate>(beta1, beta2, epsilon), adam);
      plan::Execution execution(plan::make_plan(graph, {kernels, 1, {}}), store, threads);
      const double rate64 = lr;
      const float rate32 = static_cast<float>(lr);
      execution.bind(adam[0], kernels.scalar() == ops::Scalar::f64 ? static_cast<const void*>(&rate64) : &rate32);
      execution.run(1, threads);
      for (std::size_t first = 0; first < before.size(); first += 4) {
        Values after(before[first].size());
        store.get(static_cast<int>(first), after.data());
        double worst = 0;
        for (std::size_t i = 0; i < after.size(); ++i) {
          const double g = before[first + 1][i];
          const double m = before[first + 2][i] + (1 - beta1) * (g - before[first + 2][i]);
          const double v = before[first + 3][i] + (1 - beta2) * (g * g - before[first + 3][i]);
          worst = std::max(worst, std::abs(before[first][i] - lr * m / (std::sqrt(v) + epsilon) - after[i]));
        }
        REQUIRE(worst < 1e-5);
      }
    }
}
