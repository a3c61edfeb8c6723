#pragma once

#include <cstdint>

/// Contracts: losses against targets that have a value for every output. kernels.hpp has the rules for all. Rows are
/// samples, dense.
namespace tilewise::kernels {

/// loss[i] = -sum_j targets[i][j] * log(p[i][j]), p = probabilities kept within [1e-7, 1 - 1e-7]; with `logits`
/// instead, the stable sum_j targets[i][j] * -log softmax(logits)[i][j]. Exactly one of the two is non-null. A target
/// of zero adds nothing, whatever its output. Absent for int64.
template <class T>
struct TargetCrossEntropyArgs {
  const T* probabilities;
  const T* logits;
  const T* targets;
  T* loss;
  std::int64_t rows, classes;
};

/// gradient[i][j] = -scale * targets[i][j] / probabilities[i][j], zero where target_cross_entropy clips or the target
/// is zero. Absent for int64.
template <class T>
struct TargetCrossEntropyBackwardArgs {
  const T* probabilities;
  const T* targets;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

/// gradient[i][j] = scale * (probabilities[i][j] * sum_l targets[i][l] - targets[i][j]): with respect to the logits.
/// Absent for int64.
template <class T>
struct SoftmaxTargetCrossEntropyBackwardArgs {
  const T* probabilities;
  const T* targets;
  T* gradient;
  std::int64_t rows, classes;
  T scale;
};

/// loss[i] = (sum_j (outputs[i][j] - targets[i][j])^2) / width, in partial sums of 1024. Absent for int64.
template <class T>
struct SquaredErrorArgs {
  const T* outputs;
  const T* targets;
  T* loss;
  std::int64_t rows, width;
};

/// gradient[i] = scale * (outputs[i] - targets[i]). May write over outputs.
template <class T>
struct SquaredErrorBackwardArgs {
  const T* outputs;
  const T* targets;
  T* gradient;
  std::int64_t count;
  T scale;
};

}  // namespace tilewise::kernels
