#include "plan/execution.hpp"

#include <algorithm>

#include "base/checked.hpp"
#include "plan/parallel.hpp"
#include "tilewise/error.hpp"

namespace tilewise::plan {

using base::part_begin;

namespace {

/// Into how many parts the items of a phase are cut: for several lanes into several for each, but so that what shares
/// its preparation stays together.
std::int64_t parts_of_items(const ops::Phase& phase, int threads) {
  constexpr std::int64_t parts_of_lane = 4;
  if (threads == 1) return 1;
  const std::int64_t grains = phase.items / phase.grain;
  return grains >= threads ? std::min(grains, threads * parts_of_lane)
                           : std::clamp<std::int64_t>(phase.items, 1, threads);
}

}  // namespace

Execution::Execution(std::shared_ptr<const Plan> plan, ParameterStore& parameters, int max_threads)
    : plan_(std::move(plan)),
      parameters_(&parameters),
      arena_(static_cast<std::size_t>(plan_->arena_bytes)),
      derived_(static_cast<std::size_t>(plan_->derived_bytes)),
      scratch_(static_cast<std::size_t>(base::checked_mul(plan_->scratch_bytes, max_threads))),
      max_threads_(max_threads),
      shares_(max_threads),
      addresses_(plan_->buffers.size(), nullptr) {
  for (std::size_t number = 0; number < addresses_.size(); ++number) {
    const Buffer& buffer = plan_->buffers[number];
    switch (buffer.kind) {
      case Buffer::Kind::input:
      case Buffer::Kind::output:
        break;
      case Buffer::Kind::parameter:
        addresses_[number] = parameters.data(buffer.parameter);
        break;
      case Buffer::Kind::derived:
        addresses_[number] = derived_.data() + buffer.offset;
        break;
      case Buffer::Kind::step:
        addresses_[number] = arena_.data() + buffer.offset;
        break;
    }
  }
  for (const PlannedStep& step : plan_->steps)
    tensors_.emplace_back((step.step.phases.size() + 1) * step.buffers.size(), nullptr);
}

void Execution::bind(ValueId input, const void* data) {
  const auto buffer = static_cast<std::size_t>(plan_->buffer_of_value[static_cast<std::size_t>(input)]);
  if (plan_->buffers[buffer].kind != Buffer::Kind::input) throw ArgumentError("only inputs of a plan can be bound");
  // No op writes to an input; the tensors of a step are one array for inputs and outputs.
  addresses_[buffer] = const_cast<void*>(data);
}

void Execution::bind_output(ValueId output, void* data) {
  const std::vector<ValueId>& bound = plan_->options.bound_outputs;
  if (!std::count(bound.begin(), bound.end(), output))
    throw ArgumentError("value " + std::to_string(output) + " is none of the plan's bound outputs");
  addresses_[static_cast<std::size_t>(plan_->buffer_of_value[static_cast<std::size_t>(output)])] = data;
}

const void* Execution::data(ValueId value) const {
  const int buffer = plan_->buffer_of_value[static_cast<std::size_t>(value)];
  if (buffer < 0) throw ArgumentError("a value that was fused away or left out; expected one of the plan's outputs");
  return addresses_[static_cast<std::size_t>(buffer)];
}

void Execution::run(std::int64_t batch, int threads) {
  if (batch < 0 || batch > plan_->options.max_batch)
    throw ArgumentError("a batch of " + std::to_string(batch) + " samples; the plan is for at most " +
                        std::to_string(plan_->options.max_batch));
  if (threads < 1 || threads > max_threads_)
    throw ArgumentError(std::to_string(threads) + " threads; this execution is for 1 to " +
                        std::to_string(max_threads_));
  collect_tensors();
  const std::int64_t version = parameters_->version();
  for (const Segment& segment : plan_->segments)
    if (!segment.derived || derived_version_ != version) run_segment(segment, batch, threads);
  derived_version_ = version;
  if (plan_->updates_parameters) parameters_->touch();
}

void Execution::collect_tensors() {
  for (std::size_t number = 0; number < tensors_.size(); ++number) {
    const PlannedStep& step = plan_->steps[number];
    const std::size_t tensors = step.buffers.size();
    for (std::size_t tensor = 0; tensor < tensors; ++tensor) {
      if (step.buffers[tensor] < 0) continue;
      void* const address = addresses_[static_cast<std::size_t>(step.buffers[tensor])];
      tensors_[number][tensor] = address;
      const ops::PhaseRange uses = step.step.uses_of(tensor);
      for (std::size_t phase = uses.first; phase < step.step.phases.size() && phase <= uses.last; ++phase)
        tensors_[number][(phase + 1) * tensors + tensor] = address;
    }
  }
}

void Execution::run_phase(const Segment::Entry& entry, int lane, const ops::Work& work) const {
  const auto step = static_cast<std::size_t>(entry.step);
  static_assert(Segment::depth_first == -1);
  const std::size_t first = static_cast<std::size_t>(entry.phase + 1) * plan_->steps[step].buffers.size();
  const auto run = [&] { plan_->phase(entry).run(tensors_[step].data() + first, work); };
  if (!recorder_) return run();
  const auto begin = Recorder::Clock::now();
  run();
  recorder_->add(lane, {entry, begin, Recorder::Clock::now()});
}

void Execution::run_segment(const Segment& segment, std::int64_t batch, int threads) {
  if (segment.by_image && batch >= threads * segment.min_images)
    run_depth_first(segment, batch, threads);
  else
    for (const Segment::Entry& entry : segment.phases) run_over_items(entry, batch, threads);
}

int Execution::lanes_for(std::span<const Segment::Entry> entries, std::int64_t batch, int threads) const {
  const double enough = least_lane_seconds.load(std::memory_order_relaxed);
  double seconds = 0;
  for (const Segment::Entry& entry : entries) {
    const PlannedStep& step = plan_->steps[static_cast<std::size_t>(entry.step)];
    seconds += step.seconds_of_run + step.seconds_of_sample * double(batch);
  }
  return seconds >= enough * threads ? threads : std::max(1, static_cast<int>(seconds / enough));
}

void Execution::run_depth_first(const Segment& segment, std::int64_t batch, int threads) {
  const int lanes = lanes_for(segment.tiled, batch, threads);
  const std::int64_t tiles = lanes * base::ceil_div(base::ceil_div(batch, std::int64_t{lanes}), segment.tile_images);
  shares_.deal(lanes, tiles);
  plan::run(lanes, threads, [&](int lane) {
    shares_.take(lane, [&](std::int64_t tile) {
      for (const Segment::Entry& entry : segment.tiled)
        run_phase(entry, lane,
                  {batch, part_begin(tile, tiles, batch), part_begin(tile + 1, tiles, batch), 0,
                   plan_->phase(entry).items, scratch(lane)});
    });
  });
}

void Execution::run_over_items(const Segment::Entry& entry, std::int64_t batch, int threads) {
  const ops::Phase& phase = plan_->phase(entry);
  const int most_lanes = lanes_for({&entry, 1}, batch, threads);
  // Items first; samples too where there are fewer items than lanes.
  const std::int64_t item_parts = parts_of_items(phase, most_lanes);
  const std::int64_t image_parts =
      phase.by_image ? std::clamp<std::int64_t>(most_lanes / item_parts, 1, std::max<std::int64_t>(batch, 1)) : 1;
  const std::int64_t parts = item_parts * image_parts;
  const int lanes = static_cast<int>(std::min<std::int64_t>(parts, most_lanes));
  const std::int64_t grain = phase.items >= item_parts * phase.grain ? phase.grain : 1;
  shares_.deal(lanes, parts);
  plan::run(lanes, threads, [&](int lane) {
    shares_.take(lane, [&](std::int64_t part) {
      const std::int64_t item_part = part % item_parts, image_part = part / item_parts;
      const auto first_item = [&](std::int64_t number) {
        return std::min(phase.items, grain * part_begin(number, item_parts, base::ceil_div(phase.items, grain)));
      };
      run_phase(entry, lane,
                {batch, part_begin(image_part, image_parts, batch), part_begin(image_part + 1, image_parts, batch),
                 first_item(item_part), first_item(item_part + 1), scratch(lane)});
    });
  });
}

}  // namespace tilewise::plan
