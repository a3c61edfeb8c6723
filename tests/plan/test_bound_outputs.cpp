#include <cmath>
#include <limits>

#include "ops/conv2d.hpp"
#include "ops/elementwise.hpp"
#include "ops/pool2d.hpp"
#include "ops/transpose_weights.hpp"
#include "plan/execution.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "support/guarded.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using plan::ValueId;

namespace {

constexpr std::int64_t batch = 5;
const Shape image{6, 5, 3};

/// conv2d, ReLU and max-pool with its index, of random integers.
struct Chain {
  plan::Graph graph;
  std::map<ValueId, Values> inputs;
  ValueId x, kernel, sum, rectified, pooled, index;

  Chain() {
    x = graph.add_input("x", {image});
    kernel = graph.add_parameter("kernel", {3, 3, 3, 17}, 0);
    inputs[x] = integers({image}, batch, 4, 1);
    inputs[kernel] = integers({graph.spec(kernel).shape, Storage::packed}, 1, 4, 2);
    sum = graph.emit(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{{{3, 3}}}), {x, kernel, plan::no_value})[0];
    rectified = graph.emit(std::make_shared<ops::Relu>(), {sum})[0];
    const auto outputs = graph.emit(std::make_shared<ops::MaxPool2D>(ops::Window2D{{2, 2}, {2, 1}}), {rectified});
    pooled = outputs[0];
    index = outputs[1];
  }
  ValueId view_of(ValueId value) {
    return graph.emit(std::make_shared<ops::Reshape>(Shape{graph.spec(value).shape.elements()}), {value})[0];
  }
};

plan::ParameterStore filled_store(const Chain& chain, const ops::Kernels& kernels) {
  plan::ParameterStore store(kernels);
  store.set(store.add("kernel", chain.graph.spec(chain.kernel).shape), chain.inputs.at(chain.kernel).data());
  return store;
}

/// A plan of the chain with bound outputs, on float32.
struct Bound {
  plan::ParameterStore store;
  std::vector<float> x;
  std::shared_ptr<const plan::Plan> plan;
  plan::Execution execution;

  Bound(Chain& chain, const ops::Kernels& kernels, const std::vector<ValueId>& outputs, bool fuse = true)
      : store(filled_store(chain, kernels)),
        x(chain.inputs[chain.x].begin(), chain.inputs[chain.x].end()),
        plan(plan::make_plan(
            chain.graph,
            {.kernels = kernels, .max_batch = batch, .outputs = outputs, .fuse = fuse, .bound_outputs = outputs})),
        execution(plan, store, 3) {
    execution.bind(chain.x, x.data());
  }
};

std::vector<ops::Kernels> float32_kernels() {
  std::vector<ops::Kernels> all = all_float_kernels();
  all.erase(all.begin());  // the float64 reference
  return all;
}

std::size_t count(const Chain& chain, ValueId value, std::int64_t samples) {
  return static_cast<std::size_t>(element_count(chain.graph.spec(value), samples));
}

plan::PlanOptions options_for(const std::vector<ValueId>& outputs, const std::vector<ValueId>& bound) {
  return {.kernels = ops::Kernels(ops::Scalar::f32), .max_batch = batch, .outputs = outputs, .bound_outputs = bound};
}

}  // namespace

TEST_CASE("bound outputs are written where the caller says, and only the samples of the run", "[plan]") {
  Chain chain;
  const std::vector<ValueId> outputs{chain.pooled, chain.index};
  for (const ops::Kernels& kernels : float32_kernels())
    for (bool fuse : {true, false}) {
      const auto expected = run_graph(chain.graph, chain.inputs, outputs, {kernels, batch, 1, fuse});
      Bound bound(chain, kernels, outputs, fuse);
      for (Guard guard : {Guard::after, Guard::before})
        for (std::int64_t samples : {batch, std::int64_t{2}, std::int64_t{0}}) {
          INFO("isa " << kernels.isa() << ", fuse " << fuse << ", samples " << samples);
          Buffers<float> memory(guard);
          const auto elements = static_cast<std::int64_t>(count(chain, chain.pooled, samples));
          float* pooled = memory.output(elements);
          auto* index = memory.integer_output<std::uint8_t>(elements);
          bound.execution.bind_output(chain.pooled, pooled);
          bound.execution.bind_output(chain.index, index);
          bound.execution.run(samples, 3);
          CHECK(bound.execution.data(chain.pooled) == pooled);
          for (std::size_t i = 0; i < static_cast<std::size_t>(elements); ++i) {
            REQUIRE(static_cast<double>(pooled[i]) == expected[0][i]);
            REQUIRE(static_cast<double>(index[i]) == expected[1][i]);
          }
        }
    }
}

TEST_CASE("the memory of a bound output may change from run to run, and no run allocates", "[plan]") {
  Chain chain;
  Bound bound(chain, float32_kernels().back(), {chain.sum});
  std::vector<float> first(count(chain, chain.sum, batch)), second(first.size());
  bound.execution.bind_output(chain.sum, first.data());
  bound.execution.run(batch, 1);
  const std::int64_t before = base::AlignedBuffer::allocations();
  Allocations::reset();
  for (float* memory : {second.data(), first.data(), second.data()}) {
    bound.execution.bind_output(chain.sum, memory);
    bound.execution.run(batch, 1);
  }
  CHECK(Allocations::count() == 0);
  CHECK(base::AlignedBuffer::allocations() == before);
  CHECK(first == second);
}

TEST_CASE("what a bound output is a view of, or takes the place of, lies in the caller's memory too", "[plan]") {
  Chain chain;
  const ValueId view = chain.view_of(chain.sum);
  for (ValueId output : {chain.rectified, view}) {
    Bound bound(chain, float32_kernels().back(), {output}, false);
    CHECK(bound.plan->arena_bytes == 0);
    CHECK(bound.plan->dump().find(" output\n") != std::string::npos);
    std::vector<float> memory(count(chain, output, batch));
    bound.execution.bind_output(output, memory.data());
    bound.execution.run(batch, 3);
    CHECK(Values(memory.begin(), memory.end()) ==
          run_graph(chain.graph, chain.inputs, {output}, {float32_kernels().back(), batch})[0]);
  }
}

TEST_CASE("bound outputs without memory of their own are refused", "[plan]") {
  Chain chain;
  const ValueId view = chain.view_of(chain.x), other_view = chain.view_of(chain.sum);
  const ValueId transposed = chain.graph.emit(std::make_shared<ops::TransposeWeights>(), {chain.kernel})[0];
  const auto refused = [&](const std::vector<ValueId>& outputs, const std::vector<ValueId>& bound, const char* why) {
    CHECK_THROWS_AS(plan::make_plan(chain.graph, options_for(outputs, bound)), ArgumentError);
    CHECK_THROWS_WITH(plan::make_plan(chain.graph, options_for(outputs, bound)), contains(why));
  };
  refused({view}, {view}, "an input or a view of one");
  refused({chain.kernel}, {chain.kernel}, "a parameter or a view of one");
  refused({transposed}, {transposed}, "made of parameters only");
  refused({chain.sum, other_view}, {chain.sum, other_view}, "shares the memory of another bound output");
  refused({chain.sum}, {chain.rectified}, "no output of the plan");
  Bound bound(chain, ops::Kernels(ops::Scalar::f32), {chain.sum});
  float memory = 0;
  CHECK_THROWS_WITH(bound.execution.bind_output(chain.rectified, &memory), contains("none of the plan's bound"));
  CHECK_THROWS_WITH(bound.execution.bind(chain.sum, &memory), contains("only inputs"));
}
