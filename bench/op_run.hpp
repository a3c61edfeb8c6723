#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "plan/execution.hpp"
#include "plan/graph.hpp"

namespace tilewise::bench {

/// `backward` is both gradients in one pass, or the only one that there is.
enum class Pass { forward, backward_data, backward_weights, backward };

/// "forward", "backward_data", ...
const char* pass_name(Pass pass);

/// The ops of one pass under construction. What a plan keeps between runs is a parameter, so that packing it, or
/// deriving other weights from it, happens in the first run only.
class PassGraph {
 public:
  explicit PassGraph(plan::ParameterStore& parameters) : parameters_(parameters) {}

  plan::ValueId input(const std::string& name, const ops::TensorSpec& spec) { return graph_.add_input(name, spec); }
  plan::ValueId parameter(const std::string& name, const Shape& shape, std::int64_t groups = 1);
  std::vector<plan::ValueId> emit(std::shared_ptr<const ops::Op> op, const std::vector<plan::ValueId>& inputs);

  /// The outputs of `op`, or the gradients that `pass` is for: of inputs[0], of the others, of all. The gradient of its
  /// output is `out_gradient`, by default an input of that name.
  std::vector<plan::ValueId> emit_pass(Pass pass, const std::shared_ptr<const ops::Op>& op,
                                       const std::vector<plan::ValueId>& inputs,
                                       plan::ValueId out_gradient = plan::no_value);

  const plan::Graph& graph() const noexcept { return graph_; }

 private:
  plan::ParameterStore& parameters_;
  plan::Graph graph_;
};

/// Ops on inputs and parameters of their own, all of them random. They have run once: what a plan derives from
/// parameters is derived.
class OpRun {
 public:
  /// Adds ops to a graph and returns the values to compute.
  using Emit = std::function<std::vector<plan::ValueId>(PassGraph&)>;

  /// `algorithm` as in plan::ConvolutionChoice, or "standard": what that arithmetic chooses.
  OpRun(const ops::Kernels& kernels, const Emit& emit, std::int64_t batch, int threads, const std::string& algorithm);

  // The execution refers to the parameters.
  OpRun(const OpRun&) = delete;
  OpRun& operator=(const OpRun&) = delete;

  void run() { execution_->run(batch_, threads_); }

  /// What the plan chose for each step of a run: "direct 12x32".
  std::string algorithms() const;

  /// What the pass was given under that name, in plain order.
  std::vector<float> given(const std::string& name) const;
  /// The last run's `number`-th value of those that Emit returned, in plain order.
  std::vector<float> result(std::size_t number) const;

 private:
  void fill(const plan::Graph& graph);

  plan::ParameterStore parameters_;
  std::int64_t batch_;
  int threads_;
  std::vector<plan::Value> values_;
  std::vector<base::AlignedBuffer> memory_;  ///< of each value that is an input
  std::unique_ptr<plan::Execution> execution_;
};

}  // namespace tilewise::bench
