#include "train/predictor.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "tilewise/error.hpp"
#include "tilewise/runtime.hpp"
#include "train/check_data.hpp"
#include "train/profiler.hpp"

namespace tilewise::train {

std::shared_ptr<const plan::Plan> Predictor::make_plan(std::int64_t batch) const {
  return plan::make_plan(network_.graph(), {.kernels = parameters_.kernels(),
                                            .max_batch = batch,
                                            .outputs = {network_.output()},
                                            .convolutions = convolutions_});
}

Profile Predictor::profile(const Pipeline& data, const ProfileOptions& options) const {
  check_samples(data, network_, "data");
  const int thread_count = threads();
  plan::Execution execution(make_plan(data.batch_size()), parameters_, thread_count);
  std::int64_t epoch = 0;
  return profile_runs(execution, thread_count, data, options, epoch, [&](const Batch& batch) {
    execution.bind(network_.input(), batch.inputs);
    execution.run(batch.size, thread_count);
  });
}

ExecutionPool& Predictor::pool_for(std::int64_t count) {
  std::size_t number = 0;
  while (number + 1 < batch_sizes.size() && batch_sizes[number] < count) ++number;
  const base::ForkSafeMutex::Guard lock(mutex_);
  std::unique_ptr<ExecutionPool>& pool = pools_[number];
  if (!pool) pool = std::make_unique<ExecutionPool>(make_plan(batch_sizes[number]), parameters_);
  return *pool;
}

std::vector<float> Predictor::predict(const float* samples, std::int64_t count) {
  if (count < 0) throw ArgumentError("predict: " + std::to_string(count) + " samples; expected 0 or more");
  const std::int64_t in = network_.input_shape().elements(), out = network_.output_shape().elements();
  base::checked_mul(count, in);
  std::vector<float> outputs(static_cast<std::size_t>(base::checked_mul(count, out)));
  const int thread_count = threads();
  const auto execution = pool_for(count).borrow(thread_count);
  const std::int64_t max_batch = execution->plan().options.max_batch;
  for (std::int64_t begin = 0; begin < count; begin += max_batch) {
    const std::int64_t batch = std::min(max_batch, count - begin);
    execution->bind(network_.input(), samples + begin * in);
    execution->run(batch, thread_count);
    std::copy_n(static_cast<const float*>(execution->data(network_.output())), batch * out,
                outputs.data() + begin * out);
  }
  return outputs;
}

}  // namespace tilewise::train
