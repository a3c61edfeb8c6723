#pragma once

#include <memory>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "nn/network.hpp"
#include "nn/optimizers.hpp"
#include "plan/execution.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise::test {

/// Trains a network step by step, in float32 on any ISA or in float64.
class StepRunner {
 public:
  StepRunner(const nn::Network& network, const CompileOptions& options, const ops::Kernels& kernels,
             std::int64_t max_batch, int threads)
      : network_(network), optimizer_(options.optimizer), store_(kernels), threads_(threads) {
    network.allocate(store_);
    network.initialize(store_, options.seed);
    graph_ = nn::training_graph(network, options, store_);
    auto plan =
        plan::make_plan(graph_.graph, {.kernels = kernels, .max_batch = max_batch, .outputs = graph_.outputs()});
    execution_ = std::make_unique<plan::Execution>(std::move(plan), store_, threads);
  }

  /// One step; returns the mean loss of the batch before it.
  double step(const Batch& batch) {
    return store_.kernels().visit([&]<class T>(const kernels::KernelTable<T>&) {
      const std::int64_t elements = batch.size * network_.input_shape().elements();
      const std::vector<T> inputs(batch.inputs, batch.inputs + elements);
      const nn::StepRates step_rates = nn::step_rates(optimizer_, ++steps_);
      const T rates[] = {static_cast<T>(step_rates.rate), static_cast<T>(step_rates.decay)};
      const auto number = static_cast<std::int32_t>(steps_);
      execution_->bind(graph_.inputs, inputs.data());
      std::vector<T> targets;
      if (graph_.takes_targets())
        targets.assign(batch.targets, batch.targets + batch.size * network_.output_shape().elements());
      execution_->bind(graph_.truth, graph_.takes_targets() ? static_cast<const void*>(targets.data()) : batch.labels);
      execution_->bind(graph_.rates, rates);
      if (graph_.step) execution_->bind(*graph_.step, &number);
      execution_->run(batch.size, threads_);
      const T* losses = static_cast<const T*>(execution_->data(graph_.loss));
      double sum = 0;
      for (std::int64_t i = 0; i < batch.size; ++i) sum += static_cast<double>(losses[i]);
      return sum / static_cast<double>(batch.size);
    });
  }

  /// The network's parameters, one after the other.
  std::vector<double> weights() const { return values(static_cast<int>(network_.parameters().size())); }
  /// And the optimizer's state.
  std::vector<double> weights_and_state() const { return values(store_.count()); }

 private:
  std::vector<double> values(int parameters) const {
    std::vector<double> all;
    for (int parameter = 0; parameter < parameters; ++parameter) {
      std::vector<double> values(static_cast<std::size_t>(store_.shape(parameter).elements()));
      store_.get(parameter, values.data());
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  }

  const nn::Network& network_;
  Optimizer optimizer_;
  plan::ParameterStore store_;
  int threads_;
  std::int64_t steps_ = 0;
  nn::TrainingGraph graph_;
  std::unique_ptr<plan::Execution> execution_;
};

}  // namespace tilewise::test
