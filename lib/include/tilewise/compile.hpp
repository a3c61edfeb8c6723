#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "tilewise/optimizers.hpp"

/// How a model is to be trained: optimizer, loss, metrics.
namespace tilewise {

/// The mean over samples of -log p[label]. The model gives p (the default), or with from_logits what a softmax turns
/// into it. After a softmax layer it is computed from the logits all the same, which is stable for any finite ones.
///
/// With label_smoothing s, 0 <= s <= 1, each label counts as the target 1 - s + s / classes, and every other class as
/// s / classes.
struct SparseCategoricalCrossentropy {
  bool from_logits = false;
  double label_smoothing = 0;
};

/// The mean over samples of -sum of target * log p, for data sets with targets {classes}; see Dataset::one_hot().
/// Otherwise as SparseCategoricalCrossentropy.
struct CategoricalCrossentropy {
  bool from_logits = false;
  double label_smoothing = 0;
};

/// The mean over samples of the mean over outputs of (output - target)^2, for data sets with targets of the outputs'
/// shape.
struct MeanSquaredError {};

using Loss = std::variant<SparseCategoricalCrossentropy, CategoricalCrossentropy, MeanSquaredError>;

/// The share of samples whose largest output is that of their label, or of their largest target.
struct Accuracy {};

using Metric = std::variant<Accuracy>;

struct CompileOptions {
  Optimizer optimizer = Adam{};
  Loss loss = SparseCategoricalCrossentropy{};
  std::vector<Metric> metrics = {};
  /// Of the initial weights, also if the model is built already; trained, loaded and set weights stay.
  std::uint64_t seed = 0;
};

}  // namespace tilewise
