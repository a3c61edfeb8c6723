#include "nn/losses.hpp"

#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

/// The logits whose softmax `output` is, else no_value.
ValueId logits_of(const plan::Graph& graph, ValueId output) {
  for (const plan::Node& node : graph.nodes())
    if (dynamic_cast<const ops::Softmax*>(node.op.get()) && node.outputs.front() == output) return node.inputs.front();
  return ops::no_value;
}

std::int64_t classes_of(const Shape& output) {
  if (output.rank() != 1)
    throw ShapeError("categorical cross-entropy: expected one output per class; the model gives " + output.to_string());
  return output[0];
}

const ops::TensorSpec labels_spec{{}, ops::Storage::batched, ops::Element::i32};

ops::TensorSpec truth_of(const SparseCategoricalCrossentropy&, const Shape& output) {
  classes_of(output);
  return labels_spec;
}
ops::TensorSpec truth_of(const CategoricalCrossentropy&, const Shape& output) {
  classes_of(output);
  return {output};
}
ops::TensorSpec truth_of(const MeanSquaredError&, const Shape& output) {
  return {output};
}

/// Cross-entropy by one of two ops: Plain on probabilities, OnLogits on what a softmax is taken of.
template <class Plain, class OnLogits>
LossValues emit_cross_entropy(plan::Graph& graph, bool from_logits, ValueId output, ValueId truth) {
  const ValueId logits = logits_of(graph, output);
  if (from_logits && logits != ops::no_value)
    throw ArgumentError(
        "categorical cross-entropy from logits: the model ends in a softmax, which gives probabilities; leave "
        "from_logits out");
  if (!from_logits && logits == ops::no_value)
    return {graph.emit(std::make_shared<Plain>(), {output, truth}).front(), output};
  const auto values = graph.emit(std::make_shared<OnLogits>(), {logits == ops::no_value ? output : logits, truth});
  return {values[0], values[1]};
}

LossValues emit_on_targets(plan::Graph& graph, bool from_logits, ValueId output, ValueId targets) {
  return emit_cross_entropy<ops::TargetCrossEntropy, ops::SoftmaxTargetCrossEntropy>(graph, from_logits, output,
                                                                                     targets);
}

LossValues emit(plan::Graph& graph, const SparseCategoricalCrossentropy& loss, ValueId output, ValueId labels) {
  if (loss.label_smoothing == 0)
    return emit_cross_entropy<ops::CrossEntropy, ops::SoftmaxCrossEntropy>(graph, loss.from_logits, output, labels);
  const auto one_hot = std::make_shared<ops::OneHot>(classes_of(graph.spec(output).shape), loss.label_smoothing);
  return emit_on_targets(graph, loss.from_logits, output, graph.emit(one_hot, {labels}).front());
}

LossValues emit(plan::Graph& graph, const CategoricalCrossentropy& loss, ValueId output, ValueId targets) {
  if (loss.label_smoothing != 0)
    targets = graph.emit(std::make_shared<ops::SmoothTargets>(loss.label_smoothing), {targets}).front();
  return emit_on_targets(graph, loss.from_logits, output, targets);
}

LossValues emit(plan::Graph& graph, const MeanSquaredError&, ValueId output, ValueId targets) {
  return {graph.emit(std::make_shared<ops::SquaredError>(), {output, targets}).front(), output};
}

}  // namespace

ops::TensorSpec truth_spec(const Loss& loss, const Shape& output) {
  return std::visit([&](const auto& which) { return truth_of(which, output); }, loss);
}

LossValues emit_loss(plan::Graph& graph, const Loss& loss, ValueId output, ValueId truth) {
  graph.set_scope("loss");
  return std::visit([&](const auto& which) { return emit(graph, which, output, truth); }, loss);
}

}  // namespace tilewise::nn
