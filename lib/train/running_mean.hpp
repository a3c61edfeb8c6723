#pragma once

#include <cstdint>
#include <optional>

#include "nn/network.hpp"
#include "plan/execution.hpp"
#include "tilewise/training.hpp"

namespace tilewise::train {

/// Loss and metrics over the samples of many runs, summed in the samples' order.
class RunningMean {
 public:
  /// Adds what the last run, over `batch` samples, gave.
  void add(const nn::EvaluationGraph& graph, const plan::Execution& execution, std::int64_t batch) {
    loss_ += sum(execution.data(graph.loss), batch);
    has_accuracy_ = graph.accuracy.has_value();
    if (graph.accuracy) correct_ += sum(execution.data(*graph.accuracy), batch);
    samples_ += batch;
  }

  std::int64_t samples() const noexcept { return samples_; }
  Evaluation mean() const {
    const auto samples = static_cast<double>(samples_);
    return {loss_ / samples, has_accuracy_ ? std::optional(correct_ / samples) : std::nullopt};
  }

 private:
  static double sum(const void* data, std::int64_t count) {
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += static_cast<double>(static_cast<const float*>(data)[i]);
    return sum;
  }

  double loss_ = 0, correct_ = 0;
  std::int64_t samples_ = 0;
  bool has_accuracy_ = false;
};

}  // namespace tilewise::train
