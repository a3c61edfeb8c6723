#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tilewise/training.hpp"
#include "tilewise/weights.hpp"

#pragma GCC visibility push(default)
/// Callbacks that follow one number of every epoch. It has Keras's name: "loss", "accuracy", "top_5_accuracy" over the
/// training data, "val_loss", "val_accuracy", ... over the validation data. A loss is better if it is smaller, anything
/// else if it is larger; NaN is never better.
namespace tilewise {

class Model;

/// The best value so far of such a number.
class Monitor {
 public:
  /// A value is better only if it is so by more than min_delta. Throws ArgumentError if that is below 0 or NaN.
  explicit Monitor(std::string name, double min_delta = 0);

  /// Forgets what was. Throws ArgumentError, saying what there is, if the training will not give this number.
  void start(const FitRecord& fit);
  /// Whether the epoch has a value: one that a callback ended early has no validation.
  bool has_value(const EpochRecord& epoch) const { return !is_of_validation() || epoch.validation.has_value(); }
  /// Whether it is the best so far.
  bool is_best(const EpochRecord& epoch);

  const std::string& name() const noexcept { return name_; }
  std::optional<double> best() const noexcept { return best_; }
  /// Whose value that is; 0 before there is one.
  int best_epoch() const noexcept { return best_epoch_; }

 private:
  bool is_of_validation() const;
  std::string metric() const;

  std::string name_;
  double min_delta_;
  std::optional<double> best_;
  int best_epoch_ = 0;
};

/// What EarlyStopping waits for, and how long.
struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;  ///< at least 0
  int patience = 0;      ///< epochs in a row without a better value that are let pass; at least 0
};

/// Keras's EarlyStopping: ends the training when `patience` epochs in a row, and at least one, bring nothing better.
class EarlyStopping : public Callback {
 public:
  /// Throws ArgumentError for options out of their ranges.
  explicit EarlyStopping(const EarlyStoppingOptions& options = {});
  /// Restores, in addition, the model's best weights at the end of the training, stopped or not. The model is the one
  /// that is trained, and outlives this.
  explicit EarlyStopping(Model& model, const EarlyStoppingOptions& options = {});

  void on_fit_begin(const FitRecord& fit) override;
  bool on_epoch_end(const EpochRecord& epoch) override;
  void on_fit_end() override;

  const Monitor& monitor() const noexcept { return monitor_; }
  bool has_stopped() const noexcept { return has_stopped_; }

 private:
  Monitor monitor_;
  int patience_, waited_ = 0;
  bool has_stopped_ = false;
  Model* model_ = nullptr;
  std::vector<Weights> best_;
};

/// What BestWeights watches.
struct BestWeightsOptions {
  std::string monitor = "val_loss";
  std::string path = {};  ///< a file that save() writes after each epoch that is the best so far; empty: none
};

/// Keeps the weights of the best epoch.
class BestWeights : public Callback {
 public:
  /// The model is the one that is trained, and outlives this.
  explicit BestWeights(Model& model, const BestWeightsOptions& options = {});

  void on_fit_begin(const FitRecord& fit) override;
  /// Throws FileError if the file cannot be written.
  bool on_epoch_end(const EpochRecord& epoch) override;

  const Monitor& monitor() const noexcept { return monitor_; }
  /// Of the best epoch; empty before there is one.
  const std::vector<Weights>& weights() const noexcept { return weights_; }
  /// Gives them to the model. Throws ArgumentError before there are any.
  void restore() const;

 private:
  Model& model_;
  Monitor monitor_;
  std::string path_;
  std::vector<Weights> weights_;
};

}  // namespace tilewise
#pragma GCC visibility pop
