#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "base/random.hpp"
#include "plan/execution.hpp"
#include "plan/passes.hpp"

namespace tilewise::bench {

enum class Pass { forward, backward_data, backward_weights };

inline const char* pass_name(Pass pass) {
  switch (pass) {
    case Pass::backward_data:
      return "backward_data";
    case Pass::backward_weights:
      return "backward_weights";
    case Pass::forward:
      break;
  }
  return "forward";
}

/// Ops with inputs of their own, all of them random.
class OpRun {
 public:
  OpRun(const ops::Kernels& kernels, std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& inputs,
        const std::vector<int>& wanted, std::int64_t batch, int threads)
      : parameters_(kernels), batch_(batch), threads_(threads) {
    std::vector<plan::ValueId> ids, kept;
    plan::Graph graph;
    for (const ops::TensorSpec& spec : inputs)
      ids.push_back(ops::is_absent(spec) ? plan::no_value : graph.add_input("input", spec));
    const std::vector<plan::ValueId> outputs = graph.emit(std::move(op), ids);
    for (int output : wanted) kept.push_back(outputs[static_cast<std::size_t>(output)]);
    prepare(kernels, graph, kept);
  }

  /// The ops that `emit(graph)` emits, for the values that it returns; the graph's inputs are all batched or packed.
  template <class Emit>
  OpRun(const ops::Kernels& kernels, const Emit& emit, std::int64_t batch, int threads)
      : parameters_(kernels), batch_(batch), threads_(threads) {
    plan::Graph graph;
    const std::vector<plan::ValueId> kept = emit(graph);
    prepare(kernels, graph, kept);
  }

  void run() { execution_->run(batch_, threads_); }

 private:
  void prepare(const ops::Kernels& kernels, const plan::Graph& graph, const std::vector<plan::ValueId>& kept) {
    const auto plan = plan::make_plan(graph, {kernels, batch_, kept});
    execution_ = std::make_unique<plan::Execution>(plan, parameters_, threads_);
    for (std::size_t value = 0; value < graph.values().size(); ++value) {
      if (graph.values()[value].role != plan::Role::input) continue;
      memory_.emplace_back(static_cast<std::size_t>(plan::tensor_bytes(graph.values()[value].spec, plan->options)));
      const base::Random random(1, base::Stream::test, value);
      for (std::size_t i = 0; i < memory_.back().bytes() / sizeof(float); ++i)
        memory_.back().as<float>()[i] = random.uniform(i) - 0.5f;
      execution_->bind(static_cast<plan::ValueId>(value), memory_.back().data());
    }
  }

  plan::ParameterStore parameters_;
  std::int64_t batch_;
  int threads_;
  std::vector<base::AlignedBuffer> memory_;
  std::unique_ptr<plan::Execution> execution_;
};

}  // namespace tilewise::bench
