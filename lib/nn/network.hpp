#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "nn/layer.hpp"
#include "nn/metrics.hpp"
#include "nn/topology.hpp"
#include "plan/graph.hpp"
#include "plan/parameters.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

/// Layers on samples of one shape: how they are joined, their names, their parameters, and the graph that they emit.
/// Owns no weights. Immutable.
class Network {
 public:
  struct NamedLayer {
    Layer layer;
    std::string name;    ///< as in Keras: "conv2d", "conv2d_1", ... unless the layer has its own
    Shape output_shape;  ///< of one sample, at its first call
    std::int64_t parameter_count = 0;
  };

  /// Throws ShapeError or ArgumentError, which name the layer ("layer 3 (conv2d_1): ..."), if a layer does not fit its
  /// inputs, or for a name that is taken or has other characters than letters, digits, '_', '-' and '.'; ArgumentError
  /// for a topology that check_topology() refuses.
  Network(Topology topology, const Shape& input_shape);
  /// One layer after the other.
  Network(std::vector<Layer> layers, const Shape& input_shape)
      : Network(Topology::chain(std::move(layers)), input_shape) {}

  const Topology& topology() const noexcept { return topology_; }

  const std::vector<NamedLayer>& layers() const noexcept { return layers_; }
  const std::vector<Parameter>& parameters() const noexcept { return parameters_; }
  std::int64_t parameter_count() const noexcept { return parameter_count_; }
  const Shape& input_shape() const noexcept { return graph().spec(input()).shape; }
  const Shape& output_shape() const noexcept { return graph().spec(output()).shape; }

  /// Samples -> outputs, at inference.
  const plan::Graph& graph() const noexcept { return emitted_.graph; }
  ValueId input() const noexcept { return emitted_.input; }
  ValueId output() const noexcept { return emitted_.output; }

  struct Emitted {
    plan::Graph graph;
    ValueId input, output;
    std::optional<ValueId> step;  ///< the number of the training step, if a layer wants it: see LayerBuilder
  };
  /// The same in training; what is random there comes from `seed`.
  Emitted emit_for_training(std::uint64_t seed) const;

  /// Adds the parameters, all zero, to an empty store.
  void allocate(plan::ParameterStore& store) const;
  /// Gives them their first values.
  void initialize(plan::ParameterStore& store, std::uint64_t seed) const;

 private:
  /// Emits all calls; on_call(call, its result) comes after each.
  template <class OnCall>
  Emitted emit(const Shape& input_shape, std::vector<Parameter>& parameters, Mode mode, std::uint64_t seed,
               const OnCall& on_call) const;

  Topology topology_;
  std::vector<Parameter> parameters_;
  std::vector<NamedLayer> layers_;
  std::int64_t parameter_count_ = 0;
  Emitted emitted_;
};

/// Samples and labels or targets -> loss and metrics of each sample.
struct EvaluationGraph {
  plan::Graph graph;
  ValueId inputs;
  ValueId truth;  ///< of the loss's truth_spec()
  ValueId loss;
  std::vector<MetricNode> metrics;

  bool takes_targets() const { return graph.spec(truth).element == ops::Element::scalar; }
  /// What is read after a run.
  std::vector<ValueId> outputs() const;
};

EvaluationGraph evaluation_graph(const Network& network, const Loss& loss, const std::vector<Metric>& metrics);

/// One step of training.
struct TrainingGraph : EvaluationGraph {
  ValueId rates;                ///< {2}: step_rates()
  std::optional<ValueId> step;  ///< {1}, i32: the number of the step, if the network wants it
};

/// What is random in it comes from options.seed. Adds the optimizer's state, zero, to the store that the network's
/// parameters are in.
TrainingGraph training_graph(const Network& network, const CompileOptions& options, plan::ParameterStore& store);

}  // namespace tilewise::nn
