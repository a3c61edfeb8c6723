#include "nn/network.hpp"

#include "base/checked.hpp"
#include "nn/layer_names.hpp"
#include "nn/losses.hpp"
#include "nn/metrics.hpp"
#include "nn/optimizers.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

Network::Network(const std::vector<Layer>& layers, const Shape& input_shape) {
  if (layers.empty()) throw ArgumentError("a model needs at least one layer");
  if (input_shape.rank() == 0 || input_shape.elements() == 0)
    throw ShapeError("a sample must have at least one element; found shape " + input_shape.to_string());
  input_shape.with_outer(1);  // refuses a rank that leaves no axis for the batch
  input_ = output_ = graph_.add_input("inputs", {.shape = input_shape});
  const auto names = choose_names(layers);
  LayerBuilder builder(graph_, parameters_);
  for (std::size_t i = 0; i < layers.size(); ++i) emit(layers[i], i + 1, names[i], builder);
}

void Network::emit(const Layer& layer, std::size_t number, const std::string& name, LayerBuilder& builder) {
  const std::size_t parameters_before = parameters_.size();
  std::int64_t parameter_count = 0;
  try {
    builder.set_layer(name);
    output_ = layer.definition().emit(builder, output_);
    for (std::size_t i = parameters_before; i < parameters_.size(); ++i)
      parameter_count = base::checked_add(parameter_count, parameters_[i].shape.elements());
    parameter_count_ = base::checked_add(parameter_count_, parameter_count);
  } catch (const ShapeError& error) {
    throw ShapeError(where(number, name) + error.what());
  } catch (const ArgumentError& error) {
    throw ArgumentError(where(number, name) + error.what());
  }
  layers_.push_back({layer, name, output_shape(), parameter_count});
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
