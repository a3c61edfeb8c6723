#include "eager/build.hpp"
#include "ops/classification.hpp"
#include "ops/targets.hpp"

namespace tilewise {

using namespace eager;

namespace {

const ops::TensorSpec label_spec{{}, ops::Storage::batched, ops::Element::i32};

/// Labels within [0, classes). What is wrong with the view itself the operation says.
void require_labels(std::string_view op, const LabelView& labels, std::int64_t classes) {
  if (labels.shape().rank() != 1) return;
  for (std::int64_t i = 0; i < labels.shape()[0]; ++i)
    if (const std::int32_t label = labels.data()[i * labels.layout().stride(0)]; label < 0 || label >= classes)
      throw ArgumentError(std::string(op) + ": labels[" + std::to_string(i) + "] is " + std::to_string(label) +
                          "; expected a class from 0 to " + std::to_string(classes - 1));
}

/// A loss, or the gradient of one.
struct Names {
  const char *op, *given, *truth;    ///< of what the model gave, and of what is true
  std::vector<const char*> results;  ///< all but the first are optional
};

template <class Op>
std::unique_ptr<OneOp> prepare(const Names& names, const ops::TensorSpec& given, const ops::TensorSpec& truth,
                               std::int64_t batch) {
  return named(names.op, [&] {
    plan::Graph graph;
    const plan::ValueId a = graph.add_input(names.given, given), b = graph.add_input(names.truth, truth);
    const auto results = graph.emit(std::make_shared<Op>(), {a, b});
    std::vector<Port> outputs;
    for (std::size_t i = 0; i < names.results.size(); ++i) outputs.push_back({names.results[i], results[i], i > 0});
    return std::make_unique<OneOp>(names.op, graph, std::vector<Port>{{names.given, a}, {names.truth, b}},
                                   std::move(outputs), batch);
  });
}

template <class Op>
std::unique_ptr<OneOp> prepare_with_labels(const Names& names, const Shape& x) {
  require_rank(names.op, names.given, x, 2, "batch x classes");
  return prepare<Op>(names, {sample_of(x)}, label_spec, x[0]);
}

template <class Op>
std::unique_ptr<OneOp> prepare_with_targets(const Names& names, const Shape& x) {
  const ops::TensorSpec spec{sample_of_any(names.op, x)};
  return prepare<Op>(names, spec, spec, x[0]);
}

}  // namespace

PreparedSoftmaxCrossEntropy prepare_softmax_cross_entropy(const Shape& logits_shape) {
  return PreparedSoftmaxCrossEntropy(prepare_with_labels<ops::SoftmaxCrossEntropy>(
      {"softmax_cross_entropy", "logits", "labels", {"losses", "probabilities"}}, logits_shape));
}

void PreparedSoftmaxCrossEntropy::run(const ConstTensorView& logits, const LabelView& labels, const TensorView& losses,
                                      const TensorView& probabilities) {
  require_labels("softmax_cross_entropy", labels, op().input_shape()[0]);
  op().run({logits, labels}, {losses, probabilities});
}

void softmax_cross_entropy(const ConstTensorView& logits, const LabelView& labels, const TensorView& losses,
                           const TensorView& probabilities) {
  prepare_softmax_cross_entropy(logits.shape()).run(logits, labels, losses, probabilities);
}

PreparedSoftmaxCrossEntropyBackward prepare_softmax_cross_entropy_backward(const Shape& logits_shape) {
  return PreparedSoftmaxCrossEntropyBackward(prepare_with_labels<ops::SoftmaxCrossEntropyBackward>(
      {"softmax_cross_entropy_backward", "probabilities", "labels", {"dlogits"}}, logits_shape));
}

void PreparedSoftmaxCrossEntropyBackward::run(const ConstTensorView& probabilities, const LabelView& labels,
                                              const TensorView& dlogits) {
  require_labels("softmax_cross_entropy_backward", labels, op().input_shape()[0]);
  op().run({probabilities, labels}, {dlogits});
}

void softmax_cross_entropy_backward(const ConstTensorView& probabilities, const LabelView& labels,
                                    const TensorView& dlogits) {
  prepare_softmax_cross_entropy_backward(probabilities.shape()).run(probabilities, labels, dlogits);
}

PreparedSoftmaxTargetCrossEntropy prepare_softmax_target_cross_entropy(const Shape& logits_shape) {
  return PreparedSoftmaxTargetCrossEntropy(prepare_with_targets<ops::SoftmaxTargetCrossEntropy>(
      {"softmax_target_cross_entropy", "logits", "targets", {"losses", "probabilities"}}, logits_shape));
}

void PreparedSoftmaxTargetCrossEntropy::run(const ConstTensorView& logits, const ConstTensorView& targets,
                                            const TensorView& losses, const TensorView& probabilities) {
  op().run({logits, targets}, {losses, probabilities});
}

void softmax_target_cross_entropy(const ConstTensorView& logits, const ConstTensorView& targets,
                                  const TensorView& losses, const TensorView& probabilities) {
  prepare_softmax_target_cross_entropy(logits.shape()).run(logits, targets, losses, probabilities);
}

PreparedSoftmaxTargetCrossEntropyBackward prepare_softmax_target_cross_entropy_backward(const Shape& logits_shape) {
  return PreparedSoftmaxTargetCrossEntropyBackward(prepare_with_targets<ops::SoftmaxTargetCrossEntropyBackward>(
      {"softmax_target_cross_entropy_backward", "probabilities", "targets", {"dlogits"}}, logits_shape));
}

void PreparedSoftmaxTargetCrossEntropyBackward::run(const ConstTensorView& probabilities,
                                                    const ConstTensorView& targets, const TensorView& dlogits) {
  op().run({probabilities, targets}, {dlogits});
}

void softmax_target_cross_entropy_backward(const ConstTensorView& probabilities, const ConstTensorView& targets,
                                           const TensorView& dlogits) {
  prepare_softmax_target_cross_entropy_backward(probabilities.shape()).run(probabilities, targets, dlogits);
}

PreparedSquaredError prepare_squared_error(const Shape& outputs_shape) {
  return PreparedSquaredError(
      prepare_with_targets<ops::SquaredError>({"squared_error", "outputs", "targets", {"losses"}}, outputs_shape));
}

void PreparedSquaredError::run(const ConstTensorView& outputs, const ConstTensorView& targets,
                               const TensorView& losses) {
  op().run({outputs, targets}, {losses});
}

void squared_error(const ConstTensorView& outputs, const ConstTensorView& targets, const TensorView& losses) {
  prepare_squared_error(outputs.shape()).run(outputs, targets, losses);
}

PreparedSquaredErrorBackward prepare_squared_error_backward(const Shape& outputs_shape) {
  return PreparedSquaredErrorBackward(prepare_with_targets<ops::SquaredErrorBackward>(
      {"squared_error_backward", "outputs", "targets", {"doutputs"}}, outputs_shape));
}

void PreparedSquaredErrorBackward::run(const ConstTensorView& outputs, const ConstTensorView& targets,
                                       const TensorView& doutputs) {
  op().run({outputs, targets}, {doutputs});
}

void squared_error_backward(const ConstTensorView& outputs, const ConstTensorView& targets,
                            const TensorView& doutputs) {
  prepare_squared_error_backward(outputs.shape()).run(outputs, targets, doutputs);
}

}  // namespace tilewise
