#pragma once

#include <memory>

#include "nn/network.hpp"
#include "tilewise/training.hpp"
#include "train/execution_pool.hpp"

namespace tilewise::train {

/// Loss and metrics of a network. Many threads may use one at once, as long as nobody changes the parameters.
class Evaluator {
 public:
  Evaluator(const nn::Network& network, plan::ParameterStore& parameters, const CompileOptions& options);

  /// Means over all samples. Throws what check_data() throws.
  Evaluation evaluate(const Pipeline& data);

 private:
  std::shared_ptr<ExecutionPool> pool_for(std::int64_t batch_size);

  const nn::Network& network_;
  plan::ParameterStore& parameters_;
  nn::EvaluationGraph graph_;
  plan::ConvolutionChoice convolutions_;
  base::ForkSafeMutex mutex_;  // for what follows
  std::int64_t batch_size_ = 0;
  std::shared_ptr<ExecutionPool> pool_;
};

}  // namespace tilewise::train
