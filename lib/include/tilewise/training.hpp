#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tilewise/compile.hpp"
#include "tilewise/dataset.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// One figure of an evaluation.
struct MetricValue {
  std::string name;  ///< "accuracy", "top_5_accuracy"
  double value = 0;
};

/// Means over samples.
struct Evaluation {
  double loss = 0;
  std::optional<double> accuracy;    ///< there if the model was compiled with it
  std::vector<MetricValue> metrics;  ///< all that it was compiled with, in that order

  /// The loss, as "loss", or a metric by its name. Throws ArgumentError, saying what there is, for another one.
  double value(std::string_view name) const;
};

/// What fit() returns, and a callback is told, of an epoch.
struct EpochRecord {
  int epoch = 0;                         ///< of this fit(), from 1
  Evaluation training;                   ///< over the epoch, each batch before its update
  std::optional<Evaluation> validation;  ///< after it
  double seconds = 0;                    ///< of training, validation apart
  double images_per_second = 0;
};

/// What fit() returns.
struct History {
  std::vector<EpochRecord> epochs;
};

/// What a callback is told after a batch.
struct BatchRecord {
  int epoch = 0;           ///< of this fit(), from 1
  std::int64_t batch = 0;  ///< from 1
  std::int64_t batches = 0;
  Evaluation so_far;   ///< of this epoch
  double seconds = 0;  ///< of this epoch so far
};

/// What a training is about to do.
struct FitRecord {
  int epochs = 0;
  bool has_validation = false;
  std::vector<std::string> metrics = {};  ///< names of what evaluations have beside the loss
};

/// What to do beside training. Most return whether to go on; false ends the training after the running batch or epoch.
/// An epoch that ends early has its record of the batches so far, without validation.
class Callback {
 public:
  virtual ~Callback() = default;
  /// Before the first epoch. What it throws ends the training before it begins.
  virtual void on_fit_begin(const FitRecord&) {}
  /// After the last one, also when a callback ended the training; not after an exception.
  virtual void on_fit_end() {}
  virtual bool on_epoch_begin(int /*epoch*/) { return true; }
  virtual bool on_epoch_end(const EpochRecord&) { return true; }
  virtual bool on_batch_end(const BatchRecord&) { return true; }
};

/// How fit() trains.
struct FitOptions {
  std::optional<Pipeline> validation = {};
  int epochs = 1;
  std::vector<Callback*> callbacks = {};  ///< not owned; they outlive the call
};

}  // namespace tilewise
#pragma GCC visibility pop
