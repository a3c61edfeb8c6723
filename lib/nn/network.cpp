#include "nn/network.hpp"

#include "base/checked.hpp"
#include "nn/layer_names.hpp"
#include "nn/losses.hpp"
#include "nn/metrics.hpp"
#include "nn/optimizers.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

Network::Network(Topology topology, const Shape& input_shape) : topology_(std::move(topology)) {
  check_topology(topology_);
  if (input_shape.rank() == 0 || input_shape.elements() == 0)
    throw ShapeError("a sample must have at least one element; found shape " + input_shape.to_string());
  input_shape.with_outer(1);  // refuses a rank that leaves no axis for the batch
  input_ = graph_.add_input("inputs", {.shape = input_shape});
  const auto names = choose_names(topology_.layers);
  for (std::size_t i = 0; i < names.size(); ++i) layers_.push_back({topology_.layers[i], names[i], {}});
  LayerBuilder builder(graph_, parameters_);
  std::vector<ValueId> results{input_};
  for (const LayerCall& call : topology_.calls) results.push_back(emit(call, results, builder));
  output_ = results.back();
}

ValueId Network::emit(const LayerCall& call, const std::vector<ValueId>& results, LayerBuilder& builder) {
  NamedLayer& layer = layers_[call.layer];
  const std::size_t parameters_before = parameters_.size();
  std::vector<ValueId> inputs;
  for (std::size_t input : call.inputs) inputs.push_back(results[input]);
  try {
    builder.set_layer(layer.name);
    const ValueId output = layer.layer.definition().emit_inputs(builder, inputs);
    if (layer.output_shape == Shape{}) layer.output_shape = graph_.spec(output).shape;
    for (std::size_t i = parameters_before; i < parameters_.size(); ++i)
      layer.parameter_count = base::checked_add(layer.parameter_count, parameters_[i].shape.elements());
    parameter_count_ =
        base::checked_add(parameter_count_, parameters_.size() > parameters_before ? layer.parameter_count : 0);
    return output;
  } catch (const ShapeError& error) {
    throw ShapeError(where(call.layer + 1, layer.name) + error.what());
  } catch (const ArgumentError& error) {
    throw ArgumentError(where(call.layer + 1, layer.name) + error.what());
  }
}

std::vector<ValueId> Network::parameter_values() const {
  std::vector<ValueId> values(parameters_.size());
  for (std::size_t id = 0; id < graph_.values().size(); ++id)
    if (const plan::Value& value = graph_.values()[id]; value.role == plan::Role::parameter)
      values[static_cast<std::size_t>(value.parameter)] = static_cast<ValueId>(id);
  return values;
}

void Network::allocate(plan::ParameterStore& store) const {
  for (const Parameter& parameter : parameters_) store.add(parameter.name, parameter.shape);
}

void Network::initialize(plan::ParameterStore& store, std::uint64_t seed) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    store.set(static_cast<int>(i), initial_values(parameters_[i].initializer, parameters_[i].shape, seed, i).data());
}

std::vector<ValueId> EvaluationGraph::outputs() const {
  std::vector<ValueId> outputs{loss};
  if (accuracy) outputs.push_back(*accuracy);
  return outputs;
}

EvaluationGraph evaluation_graph(const Network& network, const Loss& loss, const std::vector<Metric>& metrics) {
  EvaluationGraph result{network.graph(), network.input(), ops::no_value, ops::no_value, {}};
  result.labels =
      result.graph.add_input("labels", {.shape = {}, .storage = ops::Storage::batched, .element = ops::Element::i32});
  const LossValues values = emit_loss(result.graph, loss, network.output(), result.labels);
  result.loss = values.per_sample;
  for (const Metric& metric : metrics)
    result.accuracy = emit_metric(result.graph, metric, values.scores, result.labels);
  return result;
}

TrainingGraph training_graph(const Network& network, const CompileOptions& options, plan::ParameterStore& store) {
  check_optimizer(options.optimizer);
  if (network.parameters().empty()) throw ArgumentError("the model has no weights to train");
  TrainingGraph result{evaluation_graph(network, options.loss, options.metrics), ops::no_value};
  const auto parameters = network.parameter_values();
  const auto gradients = plan::differentiate(result.graph, result.loss, parameters);
  result.rate = result.graph.add_input("rate", {.shape = {1}, .storage = ops::Storage::plain});
  emit_update(result.graph, options.optimizer, result.rate, parameters, gradients, store);
  return result;
}

}  // namespace tilewise::nn
