#include "nn/network.hpp"

#include "base/checked.hpp"
#include "nn/clipping.hpp"
#include "nn/layer_names.hpp"
#include "nn/losses.hpp"
#include "nn/optimizers.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

template <class OnCall>
Network::Emitted Network::emit(const Shape& input_shape, std::vector<Parameter>& parameters, Mode mode,
                               std::uint64_t seed, const OnCall& on_call) const {
  Emitted emitted;
  emitted.input = emitted.graph.add_input("inputs", {.shape = input_shape});
  LayerBuilder builder(emitted.graph, parameters, mode, seed);
  std::vector<ValueId> results{emitted.input};
  for (const LayerCall& call : topology_.calls) {
    const NamedLayer& layer = layers_[call.layer];
    std::vector<ValueId> inputs;
    for (std::size_t input : call.inputs) inputs.push_back(results[input]);
    try {
      builder.set_call(layer.name, static_cast<std::uint32_t>(results.size()));
      results.push_back(layer.layer.definition().emit_inputs(builder, inputs));
      on_call(call, emitted.graph.spec(results.back()).shape);
    } catch (const ShapeError& error) {
      throw ShapeError(where(call.layer + 1, layer.name) + error.what());
    } catch (const ArgumentError& error) {
      throw ArgumentError(where(call.layer + 1, layer.name) + error.what());
    }
  }
  emitted.output = results.back();
  emitted.step = builder.asked_step();
  return emitted;
}

Network::Network(Topology topology, const Shape& input_shape) : topology_(std::move(topology)) {
  check_topology(topology_);
  if (input_shape.rank() == 0 || input_shape.elements() == 0)
    throw ShapeError("a sample must have at least one element; found shape " + input_shape.to_string());
  input_shape.with_outer(1);  // refuses a rank that leaves no axis for the batch
  const auto names = choose_names(topology_.layers);
  for (std::size_t i = 0; i < names.size(); ++i) layers_.push_back({topology_.layers[i], names[i], {}});
  std::size_t counted = 0;
  emitted_ = emit(input_shape, parameters_, Mode::inference, 0, [&](const LayerCall& call, const Shape& result) {
    NamedLayer& layer = layers_[call.layer];
    if (layer.output_shape == Shape{}) layer.output_shape = result;
    for (; counted < parameters_.size(); ++counted) {
      const std::int64_t count = parameters_[counted].shape.elements();
      layer.parameter_count = base::checked_add(layer.parameter_count, count);
      parameter_count_ = base::checked_add(parameter_count_, count);
    }
  });
}

Network::Emitted Network::emit_for_training(std::uint64_t seed) const {
  std::vector<Parameter> parameters = parameters_;
  return emit(input_shape(), parameters, Mode::training, seed, [](const LayerCall&, const Shape&) {});
}

void Network::allocate(plan::ParameterStore& store) const {
  for (const Parameter& parameter : parameters_)
    store.add(parameter.name, parameter.shape_in_store(), parameter.groups);
}

void Network::initialize(plan::ParameterStore& store, std::uint64_t seed) const {
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    store.set(static_cast<int>(i), initial_values(parameters_[i].initializer, parameters_[i].shape, seed, i).data());
}

std::vector<ValueId> EvaluationGraph::outputs() const {
  std::vector<ValueId> outputs{loss};
  for (const MetricNode& metric : metrics) outputs.push_back(metric.value);
  return outputs;
}

namespace {

/// The values of the graph that are trained parameters, in their order.
std::vector<ValueId> trained_values(const plan::Graph& graph, const std::vector<Parameter>& parameters) {
  std::vector<ValueId> values(parameters.size(), ops::no_value);
  for (std::size_t id = 0; id < graph.values().size(); ++id)
    if (const plan::Value& value = graph.values()[id]; value.role == plan::Role::parameter)
      if (const auto number = static_cast<std::size_t>(value.parameter); parameters[number].is_trained)
        values[number] = static_cast<ValueId>(id);
  std::erase(values, ops::no_value);
  return values;
}

EvaluationGraph with_loss(plan::Graph graph, ValueId inputs, ValueId output, const Loss& loss,
                          const std::vector<Metric>& metrics) {
  EvaluationGraph result{std::move(graph), inputs, ops::no_value, ops::no_value, {}};
  const ops::TensorSpec truth = truth_spec(loss, result.graph.spec(output).shape);
  result.truth = result.graph.add_input(truth.element == ops::Element::i32 ? "labels" : "targets", truth);
  const LossValues values = emit_loss(result.graph, loss, output, result.truth);
  result.loss = values.per_sample;
  for (const Metric& metric : metrics)
    result.metrics.push_back(emit_metric(result.graph, metric, values.scores, result.truth));
  return result;
}

}  // namespace

EvaluationGraph evaluation_graph(const Network& network, const Loss& loss, const std::vector<Metric>& metrics) {
  return with_loss(network.graph(), network.input(), network.output(), loss, metrics);
}

TrainingGraph training_graph(const Network& network, const CompileOptions& options, plan::ParameterStore& store) {
  check_optimizer(options.optimizer);
  check_clipping(options);
  Network::Emitted emitted = network.emit_for_training(options.seed);
  const auto parameters = trained_values(emitted.graph, network.parameters());
  if (parameters.empty()) throw ArgumentError("the model has no weights to train");
  TrainingGraph result{
      with_loss(std::move(emitted.graph), emitted.input, emitted.output, options.loss, options.metrics), ops::no_value,
      emitted.step};
  const auto gradients =
      emit_clipping(result.graph, options, plan::differentiate(result.graph, result.loss, parameters));
  result.rates = result.graph.add_input("rates", {.shape = {2}, .storage = ops::Storage::plain});
  emit_update(result.graph, options.optimizer, result.rates, parameters, gradients, store);
  return result;
}

}  // namespace tilewise::nn
