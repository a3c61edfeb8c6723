#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.hpp"
#include "plan/parameters.hpp"
#include "plan/plan.hpp"
#include "plan/recorder.hpp"
#include "plan/shares.hpp"

namespace tilewise::plan {

/// The memory of a running plan: step buffers, derived weights, scratch. One thread at a time may run one execution;
/// any number of executions may share a plan, and, as long as none of them updates parameters, the store.
class Execution {
 public:
  /// Allocates all that a run with up to `max_threads` threads needs.
  Execution(std::shared_ptr<const Plan> plan, ParameterStore& parameters, int max_threads);

  /// The memory that an input is read from in the following runs: max_batch samples (or the whole tensor), aligned as
  /// its elements are.
  void bind(ValueId input, const void* data);

  /// The memory that a value of PlanOptions::bound_outputs is written to in the following runs, as bind() wants it,
  /// apart from all other memory of the run. Only the samples of a run are touched. Null, for an output whose op takes
  /// null for it (MaxPool2D's index): not wanted in the following runs.
  void bind_output(ValueId output, void* data);

  /// One run over the first `batch` samples, 0 <= batch <= max_batch. Allocates nothing. Every input and every bound
  /// output must be bound.
  void run(std::int64_t batch, int threads);

  /// The following runs tell `recorder`, which has a lane for each thread and outlives them; null: nobody.
  void record_to(Recorder* recorder) noexcept { recorder_ = recorder; }

  /// Where the last run left a value of PlanOptions::outputs, in its Storage.
  const void* data(ValueId value) const;
  const Plan& plan() const noexcept { return *plan_; }

 private:
  void collect_tensors();
  void run_segment(const Segment& segment, std::int64_t batch, int threads);
  void run_depth_first(const Segment& segment, std::int64_t batch, int threads);
  void run_over_items(const Segment::Entry& entry, std::int64_t batch, int threads);
  /// So many lanes that each has enough to do.
  int lanes_for(std::span<const Segment::Entry> entries, std::int64_t batch, int threads) const;
  void run_phase(const Segment::Entry& entry, int lane, const ops::Work& work) const;
  std::byte* scratch(int lane) { return scratch_.data() + lane * plan_->scratch_bytes; }

  std::shared_ptr<const Plan> plan_;
  ParameterStore* parameters_;
  base::AlignedBuffer arena_, derived_, scratch_;
  int max_threads_;
  Shares shares_;
  std::int64_t derived_version_ = 0;
  Recorder* recorder_ = nullptr;
  std::vector<void*> addresses_;             ///< of each buffer
  std::vector<std::vector<void*>> tensors_;  ///< of each step: of its depth-first phase, then of each other
};

}  // namespace tilewise::plan
