#include "tilewise/callbacks.hpp"

#include "tilewise/error.hpp"
#include "tilewise/model.hpp"

namespace tilewise {

namespace {

constexpr std::string_view validation_prefix = "val_";

}  // namespace

Monitor::Monitor(std::string name, double min_delta) : name_(std::move(name)), min_delta_(min_delta) {
  if (!(min_delta >= 0))
    throw ArgumentError("min_delta of " + name_ + " must be at least 0; found " + std::to_string(min_delta));
}

bool Monitor::is_of_validation() const {
  return name_.starts_with(validation_prefix);
}

std::string Monitor::metric() const {
  return is_of_validation() ? name_.substr(validation_prefix.size()) : name_;
}

void Monitor::start(const FitRecord& fit) {
  if (is_of_validation() && !fit.has_validation)
    throw ArgumentError("nothing gives " + name_ + ": fit() has no validation data");
  Evaluation any;
  for (const std::string& metric : fit.metrics) any.metrics.push_back({metric, 0});
  any.value(metric());  // throws for one that is not there
  best_.reset();
  best_epoch_ = 0;
}

bool Monitor::is_best(const EpochRecord& epoch) {
  if (!has_value(epoch)) return false;
  const double value = (is_of_validation() ? *epoch.validation : epoch.training).value(metric());
  const double gain = !best_ ? 0 : metric() == "loss" ? *best_ - value : value - *best_;
  if (value != value || (best_ && !(gain > min_delta_))) return false;
  best_ = value;
  best_epoch_ = epoch.epoch;
  return true;
}

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options)
    : monitor_(options.monitor, options.min_delta), patience_(options.patience) {
  if (patience_ < 0)
    throw ArgumentError("EarlyStopping: patience must be at least 0; found " + std::to_string(patience_));
}

EarlyStopping::EarlyStopping(Model& model, const EarlyStoppingOptions& options) : EarlyStopping(options) {
  model_ = &model;
}

void EarlyStopping::on_fit_begin(const FitRecord& fit) {
  monitor_.start(fit);
  waited_ = 0;
  has_stopped_ = false;
  best_.clear();
}

bool EarlyStopping::on_epoch_end(const EpochRecord& epoch) {
  if (!monitor_.has_value(epoch)) return true;
  if (monitor_.is_best(epoch)) {
    waited_ = 0;
    if (model_) best_ = model_->weights();
  } else {
    has_stopped_ = ++waited_ >= patience_;
  }
  return !has_stopped_;
}

void EarlyStopping::on_fit_end() {
  if (!best_.empty()) model_->set_weights(best_);
  best_.clear();
}

BestWeights::BestWeights(Model& model, const BestWeightsOptions& options)
    : model_(model), monitor_(options.monitor), path_(options.path) {}

void BestWeights::on_fit_begin(const FitRecord& fit) {
  monitor_.start(fit);
  weights_.clear();
}

bool BestWeights::on_epoch_end(const EpochRecord& epoch) {
  if (!monitor_.is_best(epoch)) return true;
  weights_ = model_.weights();
  if (!path_.empty()) model_.save(path_);
  return true;
}

void BestWeights::restore() const {
  if (weights_.empty()) throw ArgumentError("BestWeights: no epoch has given a value of " + monitor_.name() + " yet");
  model_.set_weights(weights_);
}

}  // namespace tilewise
