#include "train/trainer.hpp"

#include <chrono>

#include "nn/optimizers.hpp"
#include "tilewise/error.hpp"
#include "tilewise/runtime.hpp"
#include "train/check_data.hpp"
#include "train/profiler.hpp"
#include "train/running_mean.hpp"

namespace tilewise::train {

namespace {

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Whether all of them want to go on; each is asked.
template <class Ask>
bool ask_all(const std::vector<Callback*>& callbacks, Ask ask) {
  bool go_on = true;
  for (Callback* callback : callbacks) go_on = ask(*callback) && go_on;
  return go_on;
}

void check_options(const FitOptions& options, const nn::Network& network, const nn::EvaluationGraph& graph) {
  if (options.epochs < 0) throw ArgumentError("fit: " + std::to_string(options.epochs) + " epochs; expected 0 or more");
  for (const Callback* callback : options.callbacks)
    if (!callback) throw ArgumentError("fit: a callback is null");
  if (options.validation) check_data(*options.validation, network, graph, "validation data");
}

}  // namespace

struct Trainer::Epoch {
  int number;  // of this fit(), from 1
  std::int64_t batches;
  RunningMean mean;
  double seconds = 0;
};

Trainer::Trainer(const nn::Network& network, plan::ParameterStore& parameters, const CompileOptions& options)
    : network_(network),
      parameters_(parameters),
      optimizer_(options.optimizer),
      evaluator_(network, parameters, options),
      graph_(nn::training_graph(network, options, parameters)),
      convolutions_{options.arithmetic, options.algorithm} {}

std::shared_ptr<const plan::Plan> Trainer::make_plan(std::int64_t batch_size) const {
  return plan::make_plan(graph_.graph, {.kernels = parameters_.kernels(),
                                        .max_batch = batch_size,
                                        .outputs = graph_.outputs(),
                                        .convolutions = convolutions_});
}

void Trainer::prepare(std::int64_t batch_size) {
  threads_ = threads();
  const bool fits = plan_ && plan_->options.max_batch == batch_size;
  if (fits && threads_ <= max_threads_) return;
  auto plan = fits ? plan_ : make_plan(batch_size);
  execution_ = std::make_unique<plan::Execution>(plan, parameters_, threads_);
  plan_ = std::move(plan);
  execution_->bind(graph_.rates, rates_.data());
  if (graph_.step) execution_->bind(*graph_.step, &step_number_);
  max_threads_ = threads_;
}

void Trainer::step(const Batch& batch) {
  const nn::StepRates rates = nn::step_rates(optimizer_, ++steps_);
  rates_ = {static_cast<float>(rates.rate), static_cast<float>(rates.decay)};
  step_number_ = static_cast<std::int32_t>(static_cast<std::uint32_t>(steps_));
  execution_->bind(graph_.inputs, batch.inputs);
  execution_->bind(graph_.truth, truth_of(batch));
  execution_->run(batch.size, threads_);
}

bool Trainer::run_epoch(Epoch& epoch, BatchReader& reader, const std::vector<Callback*>& callbacks) {
  const Stopwatch stopwatch;
  bool go_on = true;
  BatchRecord record{epoch.number, 0, epoch.batches, {}, 0};
  for (std::int64_t number = 1; go_on; ++number) {
    const Batch* batch = reader.next();
    if (!batch) break;
    step(*batch);
    epoch.mean.add(*execution_, batch->size);
    epoch.seconds = stopwatch.seconds();
    record.batch = number;
    epoch.mean.write(record.so_far);
    record.seconds = epoch.seconds;
    go_on = ask_all(callbacks, [&](Callback& callback) { return callback.on_batch_end(record); });
  }
  return go_on;
}

Profile Trainer::profile(const Pipeline& data, const ProfileOptions& options, std::int64_t& next_data_epoch) {
  check_data(data, network_, graph_, "training data");
  prepare(data.batch_size());
  RunningMean mean(graph_);
  return profile_runs(*execution_, threads_, data, options, next_data_epoch, [&](const Batch& batch) {
    step(batch);
    mean.add(*execution_, batch.size);
  });
}

void Trainer::begin(const FitOptions& options) const {
  FitRecord record{options.epochs, options.validation.has_value()};
  for (const nn::MetricNode& metric : graph_.metrics) record.metrics.push_back(metric.name);
  for (Callback* callback : options.callbacks) callback->on_fit_begin(record);
}

History Trainer::fit(const Pipeline& training, const FitOptions& options, std::int64_t& next_data_epoch) {
  check_data(training, network_, graph_, "training data");
  check_options(options, network_, graph_);
  BatchReader reader(training);
  begin(options);
  History history;
  bool go_on = true;
  for (int number = 1; go_on && number <= options.epochs; ++number) {
    prepare(training.batch_size());
    if (!ask_all(options.callbacks, [&](Callback& callback) { return callback.on_epoch_begin(number); })) break;
    reader.start_epoch(next_data_epoch++);
    Epoch epoch{number, training.batches(), RunningMean(graph_)};
    go_on = run_epoch(epoch, reader, options.callbacks);
    EpochRecord record{
        number, epoch.mean.mean(), {}, epoch.seconds, static_cast<double>(epoch.mean.samples()) / epoch.seconds};
    if (options.validation && go_on) record.validation = evaluate(*options.validation);
    history.epochs.push_back(record);
    go_on = ask_all(options.callbacks, [&](Callback& callback) { return callback.on_epoch_end(record); }) && go_on;
  }
  for (Callback* callback : options.callbacks) callback->on_fit_end();
  return history;
}

}  // namespace tilewise::train
