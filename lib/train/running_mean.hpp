#pragma once

#include <cstdint>
#include <vector>

#include "nn/network.hpp"
#include "plan/execution.hpp"
#include "tilewise/training.hpp"

namespace tilewise::train {

/// Loss and metrics over the samples of many runs, summed in the samples' order.
class RunningMean {
 public:
  explicit RunningMean(const nn::EvaluationGraph& graph) : graph_(graph), metrics_(graph.metrics.size()) {}

  /// Adds what the last run, over `batch` samples, gave.
  void add(const plan::Execution& execution, std::int64_t batch) {
    loss_ += sum(execution.data(graph_.loss), batch);
    for (std::size_t i = 0; i < metrics_.size(); ++i)
      metrics_[i] += sum(execution.data(graph_.metrics[i].value), batch);
    samples_ += batch;
  }

  std::int64_t samples() const noexcept { return samples_; }
  Evaluation mean() const {
    Evaluation mean;
    write(mean);
    return mean;
  }
  /// The same into one that was written before, without allocating.
  void write(Evaluation& mean) const {
    const auto samples = static_cast<double>(samples_);
    mean.loss = loss_ / samples;
    mean.metrics.resize(metrics_.size());
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      mean.metrics[i].name = graph_.metrics[i].name;
      mean.metrics[i].value = metrics_[i] / samples;
      if (mean.metrics[i].name == "accuracy") mean.accuracy = mean.metrics[i].value;
    }
  }

 private:
  static double sum(const void* data, std::int64_t count) {
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(static_cast<const float*>(data)[i]);
    return sum;
  }

  const nn::EvaluationGraph& graph_;
  double loss_ = 0;
  std::vector<double> metrics_;
  std::int64_t samples_ = 0;
};

}  // namespace tilewise::train
