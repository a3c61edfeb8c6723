#pragma once

#include <array>
#include <memory>
#include <vector>

#include "nn/network.hpp"
#include "tilewise/dataset.hpp"
#include "tilewise/profile.hpp"
#include "train/execution_pool.hpp"

namespace tilewise::train {

/// The inference plans of a network: for single samples, for few and for many. Many threads may use one at once, as
/// long as nobody changes the parameters.
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
  /// One sample is for all cores, and may want other algorithms than a batch; the last is enough samples to keep many
  /// threads busy, few enough to keep the step memory small.
  static constexpr std::array<std::int64_t, 3> batch_sizes{1, 16, 256};

  ExecutionPool& pool_for(std::int64_t count);

  const nn::Network& network_;
  plan::ParameterStore& parameters_;
  plan::ConvolutionChoice convolutions_;
  base::ForkSafeMutex mutex_;                                             // for pools_
  std::array<std::unique_ptr<ExecutionPool>, batch_sizes.size()> pools_;  // each made when it is first needed
};

}  // namespace tilewise::train
