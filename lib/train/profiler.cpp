#include "train/profiler.hpp"

#include "tilewise/error.hpp"

namespace tilewise::train {

namespace {

using Clock = plan::Recorder::Clock;

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Records the runs of an execution for as long as it lives.
class Recording {
 public:
  Recording(plan::Execution& execution, int threads) : recorder(threads), execution_(execution) {
    execution_.record_to(&recorder);
  }
  ~Recording() { execution_.record_to(nullptr); }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  plan::Recorder recorder;

 private:
  plan::Execution& execution_;
};

/// The batches of full size of one epoch after the other.
class FullBatches {
 public:
  FullBatches(const Pipeline& data, std::int64_t& epoch) : reader_(data), size_(data.batch_size()), epoch_(epoch) {
    reader_.start_epoch(epoch_++);
  }
  const Batch& next() {
    for (;;) {
      const Batch* batch = reader_.next();
      if (!batch)
        reader_.start_epoch(epoch_++);
      else if (batch->size == size_)
        return *batch;
    }
  }

 private:
  BatchReader reader_;
  std::int64_t size_;
  std::int64_t& epoch_;
};

/// Of the steps that run, with what each recorded span belongs to.
class Summary {
 public:
  explicit Summary(const plan::Plan& plan) : plan_(plan), places_(plan.steps.size(), 0) {
    for (std::size_t number = 0; number < plan.steps.size(); ++number) {
      const plan::PlannedStep& step = plan.steps[number];
      places_[number] = profile_.steps.size();
      if (!step.step.phases.empty())
        profile_.steps.push_back({step.node.name, std::string(step.node.op->kind()) + step.node.note,
                                  step.step.algorithm, step.node.why, 0, step.flops, step.bytes});
    }
  }

  /// The spans, in lane-seconds of all runs; returns their sum.
  double add(const plan::Recorder& recorder, Clock::time_point start) {
    double busy = 0;
    for (int lane = 0; lane < recorder.lanes(); ++lane)
      for (const plan::Recorder::Span& span : recorder.of_lane(lane)) {
        const std::size_t place = places_[static_cast<std::size_t>(span.entry.step)];
        profile_.spans.push_back(
            {place, plan_.phase(span.entry).name, lane, seconds(span.begin - start), seconds(span.end - start)});
        profile_.steps[place].seconds += seconds(span.end - span.begin);
        busy += seconds(span.end - span.begin);
      }
    return busy;
  }

  Profile& profile() { return profile_; }

 private:
  const plan::Plan& plan_;
  std::vector<std::size_t> places_;
  Profile profile_;
};

void check(const ProfileOptions& options, const Pipeline& data) {
  if (options.runs < 1) throw ArgumentError("profile: " + std::to_string(options.runs) + " runs; expected 1 or more");
  if (options.warmup < 0)
    throw ArgumentError("profile: " + std::to_string(options.warmup) + " runs before it; expected 0 or more");
  if (data.dataset().size() < data.batch_size())
    throw ArgumentError("profile: " + std::to_string(data.dataset().size()) + " samples; expected a batch of " +
                        std::to_string(data.batch_size()));
}

}  // namespace

Profile profile_runs(plan::Execution& execution, int threads, const Pipeline& data, const ProfileOptions& options,
                     std::int64_t& epoch, const std::function<void(const Batch&)>& run) {
  check(options, data);
  Recording recording(execution, threads);
  FullBatches batches(data, epoch);
  for (std::int64_t i = 0; i < options.warmup; ++i) run(batches.next());
  recording.recorder.clear();
  Clock::duration running{};
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < options.runs; ++i) {
    const Batch& batch = batches.next();
    const auto begin = Clock::now();
    run(batch);
    running += Clock::now() - begin;
  }
  const double all = seconds(Clock::now() - start), runs = double(options.runs);

  Summary summary(execution.plan());
  const double busy = summary.add(recording.recorder, start);
  Profile profile = std::move(summary.profile());
  profile.batch = data.batch_size();
  profile.runs = options.runs;
  profile.threads = threads;
  profile.isa = execution.plan().options.kernels.isa();
  profile.seconds = all / runs;
  for (Profile::Step& step : profile.steps) step.seconds /= threads * runs;
  profile.waiting = (seconds(running) - busy / threads) / runs;
  profile.outside = (all - seconds(running)) / runs;
  return profile;
}

}  // namespace tilewise::train

namespace tilewise {

double Profile::flops() const {
  double sum = 0;
  for (const Step& step : steps) sum += step.flops;
  return sum;
}

}  // namespace tilewise
