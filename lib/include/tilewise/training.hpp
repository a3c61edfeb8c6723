#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tilewise/compile.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise {

/// Means over samples. accuracy is there if the model was compiled with it.
struct Evaluation {
  double loss = 0;
  std::optional<double> accuracy;
};

struct EpochRecord {
  int epoch = 0;                         ///< of this fit(), from 1
  Evaluation training;                   ///< over the epoch, each batch before its update
  std::optional<Evaluation> validation;  ///< after it
  double seconds = 0;                    ///< of training, validation apart
  double images_per_second = 0;
};

struct History {
  std::vector<EpochRecord> epochs;
};

struct BatchRecord {
  int epoch = 0;           ///< of this fit(), from 1
  std::int64_t batch = 0;  ///< from 1
  std::int64_t batches = 0;
  Evaluation so_far;   ///< of this epoch
  double seconds = 0;  ///< of this epoch so far
};

/// What to do beside training. Each returns whether to go on; false ends the training after the running batch or epoch.
/// An epoch that ends early has its record of the batches so far, without validation.
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
