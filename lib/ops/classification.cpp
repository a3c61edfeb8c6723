#include "ops/classification.hpp"

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec labels_spec{{}, Storage::batched, Element::i32};
const TensorSpec per_sample{{}, Storage::batched};

void expect_scores(const Op& op, const std::vector<TensorSpec>& inputs) {
  if (inputs.empty() || inputs[0].shape.rank() != 1 || inputs[0].shape[0] < 1 ||
      inputs[0].storage != Storage::batched || inputs[0].element != Element::scalar)
    throw ShapeError(std::string(op.kind()) + ": the input is " +
                     (inputs.empty() ? std::string("absent") : to_string(inputs[0])) +
                     "; expected a batch of class scores");
}

void expect_scores_and_labels(const Op& op, const std::vector<TensorSpec>& inputs) {
  expect_scores(op, inputs);
  expect_inputs(op, inputs, {inputs[0], labels_spec});
}

/// A phase cut by samples that calls f(table, tensors, work, first sample, samples).
template <class F>
Step over_samples(const LowerRequest& request, const char* name, F f) {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{name, 1, true, 0, {}};
    phase.run = [&table, f, classes = request.inputs[0].shape[0]](Tensors tensors, const Work& work) {
      f(table, tensors, work, classes, work.image_end - work.image_begin);
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

/// The same for what needs exponentials and logarithms, which integers have not.
template <class F>
Step over_real_samples(const Op& op, const LowerRequest& request, const char* name, F f) {
  if (request.kernels.scalar() == Scalar::i64)
    throw ArgumentError(std::string(op.kind()) + " has no integer form; expected floats");
  return over_samples(request, name, f);
}

/// Rows [image_begin, ...) of a tensor of `width` elements a sample.
template <class T>
T* rows(Tensors tensors, std::size_t index, const Work& work, std::int64_t width) {
  return tensor<T>(tensors, index) + work.image_begin * width;
}

}  // namespace

std::vector<TensorSpec> Softmax::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0]});
  return {inputs[0]};
}

std::vector<ValueId> Softmax::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<SoftmaxBackward>(), {request.output_gradients[0], request.outputs[0]});
}

Step Softmax::lower(const LowerRequest& request) const {
  return over_real_samples(
      *this, request, "forward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work, std::int64_t classes,
                  std::int64_t samples) {
        table.softmax({rows<const T>(tensors, 0, work, classes), rows<T>(tensors, 1, work, classes), samples, classes});
      });
}

std::vector<TensorSpec> SoftmaxBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores(*this, inputs);
  expect_inputs(*this, inputs, {inputs[0], inputs[0]});
  return {inputs[0]};
}

Step SoftmaxBackward::lower(const LowerRequest& request) const {
  return over_real_samples(
      *this, request, "backward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work, std::int64_t classes,
                  std::int64_t samples) {
        table.softmax_backward({rows<const T>(tensors, 1, work, classes), rows<const T>(tensors, 0, work, classes),
                                rows<T>(tensors, 2, work, classes), samples, classes});
      });
}

std::vector<TensorSpec> CrossEntropy::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores_and_labels(*this, inputs);
  return {per_sample};
}

std::vector<ValueId> CrossEntropy::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return {graph.emit(std::make_shared<CrossEntropyBackward>(), request.inputs)[0], no_value};
}

Step CrossEntropy::lower(const LowerRequest& request) const {
  return over_real_samples(*this, request, "forward",
                           []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                       std::int64_t classes, std::int64_t samples) {
                             table.cross_entropy({rows<const T>(tensors, 0, work, classes), nullptr,
                                                  rows<const std::int32_t>(tensors, 1, work, 1),
                                                  rows<T>(tensors, 2, work, 1), samples, classes});
                           });
}

std::vector<TensorSpec> CrossEntropyBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores_and_labels(*this, inputs);
  return {inputs[0]};
}

Step CrossEntropyBackward::lower(const LowerRequest& request) const {
  return over_real_samples(
      *this, request, "backward",
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work, std::int64_t classes,
                  std::int64_t samples) {
        table.cross_entropy_backward({rows<const T>(tensors, 0, work, classes),
                                      rows<const std::int32_t>(tensors, 1, work, 1), rows<T>(tensors, 2, work, classes),
                                      samples, classes, T(1) / static_cast<T>(work.batch)});
      });
}

std::vector<TensorSpec> SoftmaxCrossEntropy::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores_and_labels(*this, inputs);
  return {per_sample, inputs[0]};
}

std::vector<ValueId> SoftmaxCrossEntropy::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (request.output_gradients[1] != no_value)
    throw ArgumentError("softmax_cross_entropy: nothing can be differentiated through its probabilities");
  return {graph.emit(std::make_shared<SoftmaxCrossEntropyBackward>(), {request.outputs[1], request.inputs[1]})[0],
          no_value};
}

Step SoftmaxCrossEntropy::lower(const LowerRequest& request) const {
  return over_real_samples(*this, request, "forward",
                           []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                       std::int64_t classes, std::int64_t samples) {
                             const T* logits = rows<const T>(tensors, 0, work, classes);
                             if (tensor<T>(tensors, 3))
                               table.softmax({logits, rows<T>(tensors, 3, work, classes), samples, classes});
                             if (tensor<T>(tensors, 2))
                               table.cross_entropy({nullptr, logits, rows<const std::int32_t>(tensors, 1, work, 1),
                                                    rows<T>(tensors, 2, work, 1), samples, classes});
                           });
}

std::vector<TensorSpec> SoftmaxCrossEntropyBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_scores_and_labels(*this, inputs);
  return {inputs[0]};
}

Step SoftmaxCrossEntropyBackward::lower(const LowerRequest& request) const {
  return over_real_samples(*this, request, "backward",
                           []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                       std::int64_t classes, std::int64_t samples) {
                             table.softmax_cross_entropy_backward({rows<const T>(tensors, 0, work, classes),
                                                                   rows<const std::int32_t>(tensors, 1, work, 1),
                                                                   rows<T>(tensors, 2, work, classes), samples, classes,
                                                                   T(1) / static_cast<T>(work.batch)});
                           });
}

}  // namespace tilewise::ops
