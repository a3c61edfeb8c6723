#include "train/evaluator.hpp"

#include "tilewise/runtime.hpp"
#include "train/check_data.hpp"
#include "train/running_mean.hpp"

namespace tilewise::train {

Evaluator::Evaluator(const nn::Network& network, plan::ParameterStore& parameters, const CompileOptions& options)
    : network_(network),
      parameters_(parameters),
      graph_(nn::evaluation_graph(network, options.loss, options.metrics)),
      convolutions_{options.arithmetic, options.algorithm} {}

std::shared_ptr<ExecutionPool> Evaluator::pool_for(std::int64_t batch_size) {
  const base::ForkSafeMutex::Guard lock(mutex_);
  if (!pool_ || batch_size_ != batch_size) {
    auto plan = plan::make_plan(graph_.graph, {.kernels = parameters_.kernels(),
                                               .max_batch = batch_size,
                                               .outputs = graph_.outputs(),
                                               .convolutions = convolutions_});
    pool_ = std::make_shared<ExecutionPool>(std::move(plan), parameters_);
    batch_size_ = batch_size;
  }
  return pool_;
}

Evaluation Evaluator::evaluate(const Pipeline& data) {
  check_data(data, network_, graph_, "evaluation data");
  const auto pool = pool_for(data.batch_size());
  const int thread_count = threads();
  const auto execution = pool->borrow(thread_count);
  BatchReader reader(data);
  reader.start_epoch(0);
  RunningMean mean(graph_);
  while (const Batch* batch = reader.next()) {
    execution->bind(graph_.inputs, batch->inputs);
    execution->bind(graph_.truth, truth_of(*batch));
    execution->run(batch->size, thread_count);
    mean.add(*execution, batch->size);
  }
  return mean.mean();
}

}  // namespace tilewise::train
