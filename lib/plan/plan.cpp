#include "plan/plan.hpp"

#include <algorithm>

#include "base/aligned_buffer.hpp"
#include "base/checked.hpp"
#include "plan/passes.hpp"
#include "tilewise/error.hpp"

namespace tilewise::plan {

namespace {

/// What a step moves and computes, and roughly the time of it; the rates are modest ones of a server's core.
void estimate(PlannedStep& step, const Graph& graph, const PlanOptions& options) {
  constexpr double bytes_per_second = 2e10, flops_per_second = 1e11;
  double of_samples = 0;
  const auto add = [&](ValueId value) {
    if (value == no_value) return;
    const auto bytes = double(tensor_bytes(graph.spec(value), options));
    step.bytes += bytes;
    if (graph.spec(value).storage == ops::Storage::batched) of_samples += bytes;
  };
  for (ValueId value : step.node.inputs) add(value);
  for (ValueId value : step.node.outputs) add(value);
  for (int input : step.node.op->updated_inputs(step.node.inputs.size()))
    add(step.node.inputs[static_cast<std::size_t>(input)]);
  step.seconds_of_run = (step.bytes - of_samples) / bytes_per_second;
  step.seconds_of_sample = (of_samples / bytes_per_second + step.flops / flops_per_second) /
                           double(std::max<std::int64_t>(1, options.max_batch));
}

/// Every node's op made ready.
void lower(Plan& plan, const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    std::vector<TensorSpec> inputs, outputs;
    std::vector<bool> wanted;
    for (ValueId input : node.inputs) inputs.push_back(input == no_value ? TensorSpec{} : graph.spec(input));
    for (ValueId output : node.outputs) {
      outputs.push_back(output == no_value ? TensorSpec{} : graph.spec(output));
      wanted.push_back(output != no_value);
    }
    const ops::LowerRequest request{plan.options.kernels, inputs, outputs, wanted, plan.options.max_batch};
    plan.steps.push_back({node, node.op->lower(request), {}, node.op->flops(request)});
    estimate(plan.steps.back(), graph, plan.options);
    const ops::Step& step = plan.steps.back().step;
    std::int64_t scratch_bytes = step.depth_first ? step.depth_first->scratch_bytes : 0;
    for (const ops::Phase& phase : step.phases) scratch_bytes = std::max(scratch_bytes, phase.scratch_bytes);
    plan.scratch_bytes = std::max(plan.scratch_bytes, base::round_up(scratch_bytes, base::AlignedBuffer::alignment));
    plan.updates_parameters = plan.updates_parameters || !node.op->updated_inputs(node.inputs.size()).empty();
  }
}

}  // namespace

std::shared_ptr<const Plan> make_plan(Graph graph, const PlanOptions& options) {
  if (options.max_batch < 0)
    throw ArgumentError("a plan for " + std::to_string(options.max_batch) + " samples; expected 0 or more");
  check(options.convolutions);
  auto plan = std::make_shared<Plan>(Plan{options, {}, {}, {}, {}});
  for (const Value& value : graph.values()) tensor_bytes(value.spec, options);  // refuses sizes that wrap, first of all
  choose(graph, options);
  lower(*plan, graph);
  segment(*plan, graph);
  place(*plan, graph);
  for (const Value& value : graph.values()) plan->specs.push_back(value.spec);
  return plan;
}

}  // namespace tilewise::plan
