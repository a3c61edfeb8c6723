#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tilewise/arithmetic.hpp"
#include "tilewise/optimizers.hpp"

#pragma GCC visibility push(default)
/// How a model is to be trained: optimizer, loss, metrics.
namespace tilewise {

/// The mean over samples of -log p[label]. The model gives p (the default), or with from_logits what a softmax turns
/// into it. After a softmax layer it is computed from the logits all the same, which is stable for any finite ones.
/// Without one, p is taken as it is, clipped to [1e-7, 1 - 1e-7]; Keras divides it by its sum over the classes first,
/// which is the same only if that is one.
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

/// The share of samples whose largest output is that of their label, or of their largest target: TopKAccuracy of k = 1.
struct Accuracy {};

/// The share of samples whose label, or largest target, is among the k largest outputs. Of equal outputs the first ones
/// count as larger: k = 1 is the accuracy. Keras counts every class that is equal to the k-th.
struct TopKAccuracy {
  std::int64_t k = 5;  ///< from 1 to the number of classes
};

using Metric = std::variant<Accuracy, TopKAccuracy>;

/// What a model is trained with.
struct CompileOptions {
  Optimizer optimizer = Adam{};
  Loss loss = SparseCategoricalCrossentropy{};
  std::vector<Metric> metrics = {};
  /// Of the initial weights, also if the model is built already; trained, loaded and set weights stay.
  std::uint64_t seed = 0;
  /// Each element of a gradient is kept within [-clip_value, clip_value]. At most one of these three may be given; they
  /// are Keras's clipvalue, clipnorm and global_clipnorm.
  std::optional<double> clip_value = {};
  /// The gradient of each weight is scaled by clip_norm / max(norm, clip_norm), norm being the root of the sum of its
  /// squares.
  std::optional<double> clip_norm = {};
  /// The same with the norm of all gradients together. Where a norm is not finite, what it scales becomes NaN.
  std::optional<double> global_clip_norm = {};
  /// Of training, evaluate() and predict(). Before compile() the model computes with the default.
  Arithmetic arithmetic = Arithmetic::standard;
  /// "direct", "fft8", "fft16", "winograd2" or "winograd7": how all convolutions are computed that can be, whatever
  /// `arithmetic` says. Empty: each as is expected to be fastest.
  std::string algorithm = {};
};

}  // namespace tilewise
#pragma GCC visibility pop
