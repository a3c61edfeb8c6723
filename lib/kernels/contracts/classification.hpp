#pragma once

#include <cstdint>

/// Contracts: softmax and cross-entropy. kernels.hpp has the rules for all.
namespace tilewise::kernels {

/// out[i][j] = exp(in[i][j] - max_j) / sum_j, the sum in the order of classes, rows dense. Absent for int64.
template <class T>
struct SoftmaxArgs {
  const T* in;
  T* out;
  std::int64_t rows, classes;
};

/// in_gradient[i][j] = out[i][j] * (out_gradient[i][j] - sum_l out[i][l] * out_gradient[i][l]). Absent for int64.
template <class T>
struct SoftmaxBackwardArgs {
  const T* out;
  const T* out_gradient;
  T* in_gradient;
  std::int64_t rows, classes;
};

/// loss[i] = -log(p), p = probabilities[i][labels[i]] kept within [1e-7, 1 - 1e-7] as Keras does; with `logits`
/// instead, the stable -log softmax(logits)[i][labels[i]] (then probabilities is not read). Exactly one of the two is
/// non-null. Absent for int64.
template <class T>
struct CrossEntropyArgs {
  const T* probabilities;
  const T* logits;
  const std::int32_t* labels;
  T* loss;
  std::int64_t rows, classes;
};

/// gradient[i][j] = -scale / probabilities[i][j] at j = labels[i] (zero where cross_entropy clips), zero elsewhere.
/// Absent for int64.
template <class T>
struct CrossEntropyBackwardArgs {
  const T* probabilities;
  const std::int32_t* labels;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

/// gradient[i][j] = scale * (probabilities[i][j] - (j == labels[i])): the gradient with respect to the logits. Absent
/// for int64.
template <class T>
struct SoftmaxCrossEntropyBackwardArgs {
  const T* probabilities;
  const std::int32_t* labels;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

}  // namespace tilewise::kernels
