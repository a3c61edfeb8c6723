#include "ops/targets.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec labels_spec{{}, Storage::batched, Element::i32};
const TensorSpec per_sample{{}, Storage::batched};

/// Two batched tensors of one shape; of class scores, if `rank` is 1.
void expect_pair(const Op& op, const std::vector<TensorSpec>& inputs, int rank) {
  if (inputs.size() != 2) throw ShapeError(std::string(op.kind()) + ": expected outputs and targets");
  const TensorSpec& outputs = inputs[0];
  if (outputs.storage != Storage::batched || outputs.element != Element::scalar || outputs.shape.elements() < 1 ||
      (rank > 0 && outputs.shape.rank() != rank))
    throw ShapeError(std::string(op.kind()) + ": the outputs are " + to_string(outputs) + "; expected a batch of " +
                     (rank > 0 ? "class scores" : "one element or more"));
  expect_inputs(op, inputs, {outputs, outputs});
}

/// A phase cut by samples that calls f(table, tensors, work, elements of a sample, samples).
template <class F>
Step over_samples(const Op& op, const LowerRequest& request, const char* name, std::int64_t elements, F f) {
  if (request.kernels.scalar() == Scalar::i64)
    throw ArgumentError(std::string(op.kind()) + " has no integer form; expected floats");
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    Phase phase{name, 1, true, 0, [&table, f, elements](Tensors tensors, const Work& work) {
                  f(table, tensors, work, elements, work.image_end - work.image_begin);
                }};
    return Step{"", {std::move(phase)}, {}};
  });
}

/// Rows [image_begin, ...) of a tensor of `width` elements a sample.
template <class T>
T* rows(Tensors tensors, std::size_t index, const Work& work, std::int64_t width) {
  return tensor<T>(tensors, index) + work.image_begin * width;
}

void check_smoothing(const Op& op, double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1))
    throw ArgumentError(std::string(op.kind()) + ": a label smoothing of " + std::to_string(smoothing) +
                        "; expected 0 to 1");
}

}  // namespace

std::vector<TensorSpec> OneHot::infer(const std::vector<TensorSpec>& inputs) const {
  check_smoothing(*this, smoothing_);
  if (classes_ < 1) throw ShapeError("one_hot: " + std::to_string(classes_) + " classes; expected 1 or more");
  expect_inputs(*this, inputs, {labels_spec});
  return {{{classes_}}};
}

Step OneHot::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "forward", classes_,
                      [smoothing = smoothing_]<class T>(const kernels::KernelTable<T>&, Tensors tensors,
                                                        const Work& work, std::int64_t classes, std::int64_t samples) {
                        const std::int32_t* labels = rows<const std::int32_t>(tensors, 0, work, 1);
                        T* out = rows<T>(tensors, 1, work, classes);
                        const double rest = smoothing / static_cast<double>(classes);
                        std::fill_n(out, samples * classes, static_cast<T>(rest));
                        for (std::int64_t i = 0; i < samples; ++i)
                          out[i * classes + labels[i]] = static_cast<T>(1 - smoothing + rest);
                      });
}

std::vector<TensorSpec> SmoothTargets::infer(const std::vector<TensorSpec>& inputs) const {
  check_smoothing(*this, smoothing_);
  if (inputs.size() != 1 || inputs[0].shape.rank() != 1 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError("smooth_targets: expected a batch of class targets");
  return {inputs[0]};
}

Step SmoothTargets::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "forward", request.inputs[0].shape.elements(),
                      [smoothing = smoothing_]<class T>(const kernels::KernelTable<T>&, Tensors tensors,
                                                        const Work& work, std::int64_t classes, std::int64_t samples) {
                        const T kept = static_cast<T>(1 - smoothing),
                                rest = static_cast<T>(smoothing / static_cast<double>(classes));
                        const T* in = rows<const T>(tensors, 0, work, classes);
                        std::transform(in, in + samples * classes, rows<T>(tensors, 1, work, classes),
                                       [&](T target) { return target * kept + rest; });
                      });
}

std::vector<TensorSpec> TargetCrossEntropy::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 1);
  return {per_sample};
}

std::vector<ValueId> TargetCrossEntropy::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return {graph.emit(std::make_shared<TargetCrossEntropyBackward>(), request.inputs)[0], no_value};
}

Step TargetCrossEntropy::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "forward", request.inputs[0].shape.elements(),
                      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                  std::int64_t classes, std::int64_t samples) {
                        table.target_cross_entropy({rows<const T>(tensors, 0, work, classes), nullptr,
                                                    rows<const T>(tensors, 1, work, classes),
                                                    rows<T>(tensors, 2, work, 1), samples, classes});
                      });
}

std::vector<TensorSpec> TargetCrossEntropyBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 1);
  return {inputs[0]};
}

Step TargetCrossEntropyBackward::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "backward", request.inputs[0].shape.elements(),
                      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                  std::int64_t classes, std::int64_t samples) {
                        table.target_cross_entropy_backward(
                            {rows<const T>(tensors, 0, work, classes), rows<const T>(tensors, 1, work, classes),
                             rows<T>(tensors, 2, work, classes), samples, classes, T(1) / static_cast<T>(work.batch)});
                      });
}

std::vector<TensorSpec> SoftmaxTargetCrossEntropy::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 1);
  return {per_sample, inputs[0]};
}

std::vector<ValueId> SoftmaxTargetCrossEntropy::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  if (request.output_gradients[1] != no_value)
    throw ArgumentError("softmax_target_cross_entropy: nothing can be differentiated through its probabilities");
  return {graph.emit(std::make_shared<SoftmaxTargetCrossEntropyBackward>(), {request.outputs[1], request.inputs[1]})[0],
          no_value};
}

Step SoftmaxTargetCrossEntropy::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "forward", request.inputs[0].shape.elements(),
                      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                  std::int64_t classes, std::int64_t samples) {
                        const T* logits = rows<const T>(tensors, 0, work, classes);
                        if (tensor<T>(tensors, 3))
                          table.softmax({logits, rows<T>(tensors, 3, work, classes), samples, classes});
                        if (tensor<T>(tensors, 2))
                          table.target_cross_entropy({nullptr, logits, rows<const T>(tensors, 1, work, classes),
                                                      rows<T>(tensors, 2, work, 1), samples, classes});
                      });
}

std::vector<TensorSpec> SoftmaxTargetCrossEntropyBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 1);
  return {inputs[0]};
}

Step SoftmaxTargetCrossEntropyBackward::lower(const LowerRequest& request) const {
  return over_samples(*this, request, "backward", request.inputs[0].shape.elements(),
                      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work,
                                  std::int64_t classes, std::int64_t samples) {
                        table.softmax_target_cross_entropy_backward(
                            {rows<const T>(tensors, 0, work, classes), rows<const T>(tensors, 1, work, classes),
                             rows<T>(tensors, 2, work, classes), samples, classes, T(1) / static_cast<T>(work.batch)});
                      });
}

std::vector<TensorSpec> SquaredError::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 0);
  return {per_sample};
}

std::vector<ValueId> SquaredError::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return {graph.emit(std::make_shared<SquaredErrorBackward>(), request.inputs)[0], no_value};
}

Step SquaredError::lower(const LowerRequest& request) const {
  return over_samples(
      *this, request, "forward", request.inputs[0].shape.elements(),
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work, std::int64_t width,
                  std::int64_t samples) {
        table.squared_error({rows<const T>(tensors, 0, work, width), rows<const T>(tensors, 1, work, width),
                             rows<T>(tensors, 2, work, 1), samples, width});
      });
}

std::vector<TensorSpec> SquaredErrorBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_pair(*this, inputs, 0);
  return {inputs[0]};
}

Step SquaredErrorBackward::lower(const LowerRequest& request) const {
  return over_samples(
      *this, request, "backward", request.inputs[0].shape.elements(),
      []<class T>(const kernels::KernelTable<T>& table, Tensors tensors, const Work& work, std::int64_t width,
                  std::int64_t samples) {
        const T scale = T(2) / (static_cast<T>(work.batch) * static_cast<T>(width));
        table.squared_error_backward({rows<const T>(tensors, 0, work, width), rows<const T>(tensors, 1, work, width),
                                      rows<T>(tensors, 2, work, width), samples * width, scale});
      });
}

}  // namespace tilewise::ops
