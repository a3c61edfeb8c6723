#include <algorithm>
#include <optional>

#include "base/aligned_buffer.hpp"
#include "base/checked.hpp"
#include "data/prefetch_thread.hpp"
#include "data/sample_order.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise {

struct BatchReader::State {
  struct Slot {
    base::AlignedBuffer inputs;
    std::vector<std::int32_t> labels;  // either these
    base::AlignedBuffer targets;       // or these
  };

  explicit State(const Pipeline& pipeline)
      : dataset(pipeline.dataset()),
        batch_size(std::min(pipeline.batch_size(), dataset.size())),
        batches(pipeline.batches()),
        next_batch(batches),
        order(dataset.size(), pipeline.shuffle_buffer(), pipeline.shuffle_seed()) {
    const std::size_t labels = dataset.has_targets() ? 0 : static_cast<std::size_t>(batch_size);
    const std::size_t target_bytes = dataset.has_targets() ? bytes_of(dataset.target_shape()) : 0;
    // One more than are made ahead: the one in use. No more than an epoch fills.
    const std::int64_t slot_count = std::clamp<std::int64_t>(batches, 1, std::int64_t{pipeline.prefetch_slots()} + 1);
    for (std::int64_t i = 0; i < slot_count; ++i)
      slots.push_back({base::AlignedBuffer(bytes_of(dataset.sample_shape())), std::vector<std::int32_t>(labels),
                       base::AlignedBuffer(target_bytes)});
    if (pipeline.prefetch_slots() > 0)
      thread.emplace(slot_count, batches,
                     [this](std::int64_t epoch, std::int64_t batch, std::int64_t slot) { fill(epoch, batch, slot); });
  }

  /// Of a batch of these.
  std::size_t bytes_of(const Shape& shape) const {
    return static_cast<std::size_t>(
        base::checked_mul(base::checked_mul(batch_size, shape.elements()), std::int64_t{sizeof(float)}));
  }

  std::int64_t size_of(std::int64_t batch) const { return std::min(batch_size, dataset.size() - batch * batch_size); }

  void fill(std::int64_t epoch, std::int64_t batch, std::int64_t slot) {
    if (batch == 0) order.start(epoch);
    Slot& to = slots[static_cast<std::size_t>(slot)];
    const std::int64_t elements = dataset.sample_shape().elements();
    const std::int64_t size = size_of(batch);
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t sample = order.next();
      dataset.copy_sample(sample, to.inputs.as<float>() + i * elements);
      if (dataset.has_targets())
        dataset.copy_target(sample, to.targets.as<float>() + i * dataset.target_shape().elements());
      else
        to.labels[static_cast<std::size_t>(i)] = dataset.label(sample);
    }
  }

  const Dataset dataset;
  const std::int64_t batch_size;
  const std::int64_t batches;
  bool started = false;
  std::int64_t current_epoch = 0;
  std::int64_t next_batch;
  Batch current;
  // Used by the thread alone, if there is one.
  data::SampleOrder order;
  std::vector<Slot> slots;
  std::optional<data::PrefetchThread> thread;  // the last member: it ends before what it fills
};

BatchReader::BatchReader(const Pipeline& pipeline) {
  if (pipeline.batch_size() == 0) throw ArgumentError("a pipeline without batch(): add .batch(n), e.g. .batch(32)");
  state_ = std::make_unique<State>(pipeline);
}

BatchReader::~BatchReader() = default;
BatchReader::BatchReader(BatchReader&&) noexcept = default;
BatchReader& BatchReader::operator=(BatchReader&&) noexcept = default;

void BatchReader::start_epoch(std::int64_t epoch) {
  state_->started = true;
  state_->current_epoch = epoch;
  state_->next_batch = 0;
  if (state_->thread) state_->thread->start_epoch(epoch);
}

const Batch* BatchReader::next() {
  State& state = *state_;
  if (!state.started) throw ArgumentError("BatchReader::next() before start_epoch()");
  std::int64_t slot = 0;
  if (state.thread)
    slot = state.thread->next();
  else if (state.next_batch < state.batches)
    state.fill(state.current_epoch, state.next_batch, slot);
  if (state.next_batch == state.batches) return nullptr;
  const State::Slot& filled = state.slots[static_cast<std::size_t>(slot)];
  state.current = {state.size_of(state.next_batch), filled.inputs.as<float>(),
                   state.dataset.has_targets() ? nullptr : filled.labels.data(),
                   state.dataset.has_targets() ? filled.targets.as<float>() : nullptr};
  ++state.next_batch;
  return &state.current;
}

}  // namespace tilewise
