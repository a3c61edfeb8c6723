#pragma once

#include <vector>

#include "nn/network.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/profile.hpp"
#include "train/execution_pool.hpp"

namespace tilewise::train {

/// The inference plan of a network. Many threads may use one at once, as long as nobody changes the parameters.
class Predictor {
 public:
  Predictor(const nn::Network& network, plan::ParameterStore& parameters, plan::ConvolutionChoice convolutions)
      : network_(network), parameters_(parameters), convolutions_(std::move(convolutions)) {}

  /// The outputs for `count` samples, one after the other. Throws ArgumentError if count < 0.
  std::vector<float> predict(const float* samples, std::int64_t count);
  /// Predicts batches of `data`, and says where the time went.
  Profile profile(const Pipeline& data, const ProfileOptions& options) const;
  std::shared_ptr<const plan::Plan> make_plan(std::int64_t max_batch) const;

 private:
  ExecutionPool& pool();

  const nn::Network& network_;
  plan::ParameterStore& parameters_;
  plan::ConvolutionChoice convolutions_;
  base::ForkSafeMutex mutex_;            // for pool_
  std::unique_ptr<ExecutionPool> pool_;  // made when it is first needed
};

}  // namespace tilewise::train
