#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "tilewise/dataset.hpp"

namespace tilewise {

/// Adam in Keras's form: step = learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon).
struct Adam {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-7;
};

/// step = learning_rate * gradient.
struct SGD {
  double learning_rate = 1e-2;
};

using Optimizer = std::variant<Adam, SGD>;

/// The mean over samples of -log p[label]. The model gives p (the default), or with from_logits what a softmax turns into it. After a softmax
/// layer it is computed from the logits all the same, which is stable for any finite ones.
struct SparseCategoricalCrossentropy {
  bool from_logits = false;
};

using Loss = std::variant<SparseCategoricalCrossentropy>;

/// The share of samples whose largest output is that of their label.
struct Accuracy {};

using Metric = std::variant<Accuracy>;

struct CompileOptions {
  Optimizer optimizer = Adam{};
  Loss loss = SparseCategoricalCrossentropy{};
  std::vector<Metric> metrics = {};
  /// Of the initial weights, also if the model is built already; trained, loaded and set weights stay.
  std::uint64_t seed = 0;
};

/// Means over samples. accuracy is there if the model was compiled with it.
struct Evaluation {
  double loss = 0;
  std::optional<double> accuracy;
};

struct EpochRecord {
  int epoch = 0;  ///< of this fit(), from 1
  Evaluation training;                  ///< over the epoch, each batch before its update
  std::optional<Evaluation> validation;  ///< after it
  double seconds = 0;                   ///< of training, validation apart
  double images_per_second = 0;
};

struct History {
  std::vector<EpochRecord> epochs;
};

struct BatchRecord {
  int epoch = 0;           ///< of this fit(), from 1
  std::int64_t batch = 0;  ///< from 1
  std::int64_t batches = 0;
  Evaluation so_far;  ///< of this epoch
  double seconds = 0;  ///< of this epoch so far
};

/// What to do beside training. Each returns whether to go on; false ends the training after the running batch or epoch. An epoch that ends
/// early has its record of the batches so far, without validation.
class Callback {
 public:
  virtual ~Callback() = default;
  virtual bool on_epoch_begin(int /*epoch*/) { return true; }
  virtual bool on_epoch_end(const EpochRecord&) { return true; }
  virtual bool on_batch_end(const BatchRecord&) { return true; }
};

struct FitOptions {
  std::optional<Pipeline> validation = {};
  int epochs = 1;
  std::vector<Callback*> callbacks = {};  ///< not owned; they outlive the call
};

}  // namespace tilewise
