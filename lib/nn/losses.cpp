#include "nn/losses.hpp"

#include "ops/classification.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

/// The logits whose softmax `output` is, else no_value.
ValueId logits_of(const plan::Graph& graph, ValueId output) {
  for (const plan::Node& node : graph.nodes())
    if (dynamic_cast<const ops::Softmax*>(node.op.get()) && node.outputs.front() == output) return node.inputs.front();
  return ops::no_value;
}

LossValues emit(plan::Graph& graph, const SparseCategoricalCrossentropy& loss, ValueId output, ValueId labels) {
  const Shape& shape = graph.spec(output).shape;
  if (shape.rank() != 1)
    throw ShapeError("sparse categorical cross-entropy: expected one output per class; the model gives " +
                     shape.to_string());
  const ValueId logits = logits_of(graph, output);
  if (loss.from_logits && logits != ops::no_value)
    throw ArgumentError(
        "sparse categorical cross-entropy from logits: the model ends in a softmax, which gives "
        "probabilities; leave from_logits out");
  if (!loss.from_logits && logits == ops::no_value)
    return {graph.emit(std::make_shared<ops::CrossEntropy>(), {output, labels}).front(), output};
  const auto values =
      graph.emit(std::make_shared<ops::SoftmaxCrossEntropy>(), {logits == ops::no_value ? output : logits, labels});
  return {values[0], values[1]};
}

}  // namespace

LossValues emit_loss(plan::Graph& graph, const Loss& loss, ValueId output, ValueId labels) {
  graph.set_scope("loss");
  return std::visit([&](const auto& which) { return emit(graph, which, output, labels); }, loss);
}

}  // namespace tilewise::nn
