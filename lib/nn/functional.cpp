#include "nn/functional.hpp"

#include <map>

#include "nn/layer.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

namespace {

/// What the layer makes of these shapes, tried on a graph of its own.
Shape result_shape(const Layer& layer, const std::vector<Tensor>& inputs) {
  plan::Graph graph;
  std::vector<nn::Parameter> parameters;
  nn::LayerBuilder builder(graph, parameters, nn::Mode::inference, 0);
  std::vector<nn::ValueId> values;
  for (const Tensor& input : inputs) values.push_back(graph.add_input("input", {.shape = input.shape()}));
  const nn::LayerDefinition& definition = layer.definition();
  const std::string where = std::string(definition.kind()) + ": ";
  try {
    return graph.spec(definition.emit_inputs(builder, values)).shape;
  } catch (const ShapeError& error) {
    throw ShapeError(where + error.what());
  } catch (const ArgumentError& error) {
    throw ArgumentError(where + error.what());
  }
}

}  // namespace

const Shape& Tensor::shape() const noexcept {
  return symbolic_->shape;
}

Tensor Input(const Shape& sample_shape) {
  if (sample_shape.rank() == 0 || sample_shape.elements() == 0)
    throw ShapeError("Input: a sample must have at least one element; found shape " + sample_shape.to_string());
  return Tensor(std::make_shared<nn::SymbolicTensor>(nn::SymbolicTensor{sample_shape, {}, {}}));
}

Tensor Layer::call(const std::vector<Tensor>& inputs) const {
  return Tensor(std::make_shared<nn::SymbolicTensor>(nn::SymbolicTensor{result_shape(*this, inputs), *this, inputs}));
}

namespace nn {

namespace {

class Tracer {
 public:
  explicit Tracer(const Tensor& input) { numbers_[input.symbolic().get()] = 0; }

  /// Adds the calls that `output` needs, each after those that it reads. A walk with a stack of its own: networks may
  /// be deep.
  void add(const Tensor& output) {
    std::vector<const SymbolicTensor*> stack{output.symbolic().get()};
    while (!stack.empty()) {
      const SymbolicTensor* tensor = stack.back();
      if (numbers_.count(tensor)) {
        stack.pop_back();
        continue;
      }
      if (!tensor->layer) throw ArgumentError("Model: the output depends on another Input than the model's");
      const std::size_t waiting = stack.size();
      for (std::size_t input = tensor->inputs.size(); input-- > 0;)
        if (const SymbolicTensor* read = tensor->inputs[input].symbolic().get(); !numbers_.count(read))
          stack.push_back(read);
      if (stack.size() == waiting) append(*tensor);
    }
  }

  Topology topology;

 private:
  void append(const SymbolicTensor& tensor) {
    const LayerDefinition* definition = &tensor.layer->definition();
    const auto [layer, is_new] = layers_.try_emplace(definition, topology.layers.size());
    if (is_new) topology.layers.push_back(*tensor.layer);
    LayerCall call{layer->second, {}};
    for (const Tensor& input : tensor.inputs) call.inputs.push_back(numbers_.at(input.symbolic().get()));
    topology.calls.push_back(call);
    numbers_[&tensor] = topology.calls.size();
  }

  std::map<const SymbolicTensor*, std::size_t> numbers_;
  std::map<const LayerDefinition*, std::size_t> layers_;
};

}  // namespace

Topology trace(const Tensor& input, const Tensor& output) {
  if (input.symbolic()->layer) throw ArgumentError("Model: its input is a layer's result; expected an Input");
  Tracer tracer(input);
  tracer.add(output);
  if (tracer.topology.calls.empty()) throw ArgumentError("Model: its output is its input; expected a layer's result");
  check_topology(tracer.topology);
  return std::move(tracer.topology);
}

}  // namespace nn

}  // namespace tilewise
