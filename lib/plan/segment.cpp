#include <algorithm>
#include <set>

#include "base/checked.hpp"
#include "plan/passes.hpp"

namespace tilewise::plan {

namespace {

/// What one tile of samples may touch: about a second-level cache of today's servers (1 to 2 MiB). Not critical: 0.6 to
/// 9 MB made no difference on a Xeon with 2 MiB.
constexpr std::int64_t tile_bytes = 1280 * 1024;

/// A lane takes whole samples through a segment only if it gets at least as many as make a register tile worth while.
constexpr std::int64_t min_images_per_lane = 4;

/// Bytes of all tensors that one sample reads or writes in the segment's steps.
std::int64_t bytes_per_image(const Plan& plan, const Graph& graph, const Segment& segment) {
  std::set<ValueId> touched;
  for (const Segment::Entry& entry : segment.phases) {
    const Node& node = plan.steps[static_cast<std::size_t>(entry.step)].node;
    for (const std::vector<ValueId>* values : {&node.inputs, &node.outputs})
      for (ValueId value : *values)
        if (value != no_value && graph.spec(value).storage == ops::Storage::batched) touched.insert(value);
  }
  std::int64_t bytes = 0;
  for (ValueId value : touched)
    bytes = base::checked_add(
        bytes, tensor_bytes(graph.spec(value), plan.options) / std::max<std::int64_t>(1, plan.options.max_batch));
  return bytes;
}

}  // namespace

void segment(Plan& plan, const Graph& graph) {
  for (std::size_t number = 0; number < plan.steps.size(); ++number) {
    const ops::Step& step = plan.steps[number].step;
    const bool derived = is_derived(graph, plan.steps[number].node);
    const auto segment_for = [&](bool by_image) -> Segment& {
      const bool goes_on = by_image && !plan.segments.empty() && plan.segments.back().by_image;
      if (!goes_on) plan.segments.push_back({{}, {}, by_image, 0, min_images_per_lane, derived});
      Segment& segment = plan.segments.back();
      segment.min_images = std::max(segment.min_images, step.min_images);
      return segment;
    };
    for (std::size_t phase = 0; phase < step.phases.size(); ++phase) {
      const Segment::Entry entry{static_cast<int>(number), static_cast<int>(phase)};
      Segment& segment = segment_for(step.phases[phase].by_image || step.depth_first);
      segment.phases.push_back(entry);
      if (!step.depth_first) segment.tiled.push_back(entry);
    }
    if (step.depth_first) plan.segments.back().tiled.push_back({static_cast<int>(number), Segment::depth_first});
  }
  for (Segment& segment : plan.segments)
    if (segment.by_image)
      segment.tile_images =
          std::clamp<std::int64_t>(tile_bytes / std::max<std::int64_t>(1, bytes_per_image(plan, graph, segment)),
                                   segment.min_images, std::max(segment.min_images, plan.options.max_batch));
}

}  // namespace tilewise::plan
