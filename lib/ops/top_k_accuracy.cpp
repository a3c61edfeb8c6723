#include "ops/top_k_accuracy.hpp"

#include <algorithm>

#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

const TensorSpec labels_spec{{}, Storage::batched, Element::i32};

bool takes_labels(const std::vector<TensorSpec>& inputs) {
  return inputs[1].element == Element::i32;
}

/// How many outputs of a row stand before that of `label`.
template <class T>
std::int64_t rank_of(const T* row, std::int64_t classes, std::int64_t label) {
  const T own = row[label];
  if (own != own) return classes;
  std::int64_t rank = 0;
  for (std::int64_t k = 0; k < classes; ++k) rank += row[k] > own || (row[k] == own && k < label);
  return rank;
}

}  // namespace

std::vector<TensorSpec> TopKAccuracy::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 2 || inputs[0].shape.rank() != 1 || inputs[0].storage != Storage::batched ||
      inputs[0].element != Element::scalar)
    throw ShapeError("top_k_accuracy: expected a batch of one output per class, and labels or targets");
  expect_inputs(*this, inputs, {inputs[0], takes_labels(inputs) ? labels_spec : inputs[0]});
  if (k_ < 1 || k_ > inputs[0].shape[0])
    throw ArgumentError("top_k_accuracy: k must be from 1 to the number of classes, " +
                        std::to_string(inputs[0].shape[0]) + "; found " + std::to_string(k_));
  return {{{}, Storage::batched}};
}

// Tensors: outputs, labels or targets | matches.
Step TopKAccuracy::lower(const LowerRequest& request) const {
  return request.kernels.visit([&, k = k_, has_labels = takes_labels(request.inputs),
                                classes = request.inputs[0].shape[0]]<class T>(const kernels::KernelTable<T>&) {
    Phase phase{"forward", 1, true, 0, {}};
    phase.run = [k, has_labels, classes](Tensors tensors, const Work& work) {
      for (std::int64_t i = work.image_begin; i < work.image_end; ++i) {
        const T* targets = has_labels ? nullptr : tensor<const T>(tensors, 1) + i * classes;
        const std::int64_t label = has_labels ? tensor<const std::int32_t>(tensors, 1)[i]
                                              : std::max_element(targets, targets + classes) - targets;
        tensor<T>(tensors, 2)[i] =
            static_cast<T>(rank_of(tensor<const T>(tensors, 0) + i * classes, classes, label) < k);
      }
    };
    return Step{"", {std::move(phase)}, {}};
  });
}

}  // namespace tilewise::ops
