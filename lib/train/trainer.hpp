#pragma once

#include <array>
#include <memory>
#include <vector>

#include "nn/network.hpp"
#include "plan/execution.hpp"
#include "tilewise/profile.hpp"
#include "tilewise/training.hpp"
#include "train/evaluator.hpp"

namespace tilewise::train {

/// A compiled network: its training step, and how many of them it has made.
class Trainer {
 public:
  /// Adds the optimizer's state to the parameters. Throws ArgumentError or ShapeError for options that do not fit the
  /// network.
  Trainer(const nn::Network& network, plan::ParameterStore& parameters, const CompileOptions& options);

  /// Trains for options.epochs epochs, which the pipeline reads as the epochs `next_data_epoch`, ..., counted on.
  History fit(const Pipeline& training, const FitOptions& options, std::int64_t& next_data_epoch);
  Evaluation evaluate(const Pipeline& data) { return evaluator_.evaluate(data); }
  /// Trains on batches of `data` as fit() does, and says where the time went.
  Profile profile(const Pipeline& data, const ProfileOptions& options, std::int64_t& next_data_epoch);
  std::shared_ptr<const plan::Plan> make_plan(std::int64_t batch_size) const;

 private:
  struct Epoch;  // one that runs

  /// Tells the callbacks what is to come.
  void begin(const FitOptions& options) const;
  void prepare(std::int64_t batch_size);
  bool run_epoch(Epoch& epoch, BatchReader& reader, const std::vector<Callback*>& callbacks);
  void step(const Batch& batch);

  const nn::Network& network_;
  plan::ParameterStore& parameters_;
  Optimizer optimizer_;
  Evaluator evaluator_;
  nn::TrainingGraph graph_;
  plan::ConvolutionChoice convolutions_;
  std::int64_t steps_ = 0;
  std::array<float, 2> rates_{};  // what the plan reads in each step
  std::int32_t step_number_ = 0;  // the same: it wraps after 2^32 steps

  int threads_ = 0;      // that the steps use
  int max_threads_ = 0;  // that execution_ is for
  std::shared_ptr<const plan::Plan> plan_;
  std::unique_ptr<plan::Execution> execution_;
};

}  // namespace tilewise::train
