#include <algorithm>
#include <numeric>

#include "base/aligned_buffer.hpp"
#include "base/checked.hpp"
#include "plan/passes.hpp"
#include "tilewise/error.hpp"

namespace tilewise::plan {

namespace {

constexpr std::int64_t alignment = base::AlignedBuffer::alignment;

/// The segment of each step's phases.
std::vector<std::vector<int>> segments_of_steps(const Plan& plan) {
  std::vector<std::vector<int>> segments(plan.steps.size());
  for (std::size_t segment = 0; segment < plan.segments.size(); ++segment)
    for (const Segment::Entry& entry : plan.segments[segment].phases)
      segments[static_cast<std::size_t>(entry.step)].push_back(static_cast<int>(segment));
  return segments;
}

class Placement {
 public:
  Placement(Plan& plan, const Graph& graph) : plan_(plan), graph_(graph), segments_(segments_of_steps(plan)) {
    plan_.buffer_of_value.assign(graph.values().size(), -1);
  }

  void run() {
    for (std::size_t value = 0; value < graph_.values().size(); ++value)
      add_outside_buffer(static_cast<ValueId>(value));
    for (std::size_t step = 0; step < plan_.steps.size(); ++step) place_step(step);
    // What is read after the run lives to its end.
    for (ValueId value : plan_.options.outputs)
      if (int buffer = buffer_of(value); buffer >= 0)
        plan_.buffers[index(buffer)].last_segment = static_cast<int>(plan_.segments.size()) - 1;
    for (ValueId value : plan_.options.bound_outputs) give_to_caller(value);
    assign_offsets();
  }

 private:
  static std::size_t index(int number) { return static_cast<std::size_t>(number); }
  int& buffer_of(ValueId value) { return plan_.buffer_of_value[static_cast<std::size_t>(value)]; }

  /// Inputs and parameters own memory elsewhere.
  void add_outside_buffer(ValueId value) {
    const Value& described = graph_.value(value);
    if (described.role == Role::intermediate) return;
    const auto kind = described.role == Role::input ? Buffer::Kind::input : Buffer::Kind::parameter;
    buffer_of(value) = add_buffer(kind, tensor_bytes(described.spec, plan_.options));
    plan_.buffers.back().parameter = described.parameter;
  }

  int add_buffer(Buffer::Kind kind, std::int64_t bytes) {
    plan_.buffers.push_back({kind, bytes});
    return static_cast<int>(plan_.buffers.size()) - 1;
  }

  void place_step(std::size_t number) {
    const PlannedStep& step = plan_.steps[number];
    for (ValueId input : step.node.inputs) add_tensor(number, input == no_value ? -1 : buffer_of(input));
    for (std::size_t output = 0; output < step.node.outputs.size(); ++output) {
      const ValueId value = step.node.outputs[output];
      if (value != no_value)
        buffer_of(value) = output == 0 ? first_output_buffer(step.node, number) : new_buffer(step.node, value);
      add_tensor(number, value == no_value ? -1 : buffer_of(value));
    }
    for (std::int64_t bytes : step.step.workspace_bytes) add_tensor(number, add_buffer(Buffer::Kind::step, bytes));
  }

  /// The buffer of a bound output is the caller's. What shares it (a value that it is a view of, or whose memory it
  /// took over) lies there too: it has as many bytes a sample.
  void give_to_caller(ValueId value) {
    const std::string name = "bound output " + std::to_string(value) + " (" + graph_.value(value).name + ")";
    if (!std::count(plan_.options.outputs.begin(), plan_.options.outputs.end(), value))
      throw ArgumentError(name + " is no output of the plan");
    Buffer& buffer = plan_.buffers[index(buffer_of(value))];
    switch (buffer.kind) {
      case Buffer::Kind::step:
        buffer.kind = Buffer::Kind::output;
        return;
      case Buffer::Kind::input:
        throw ArgumentError(name + " is an input or a view of one; expected a value that is computed");
      case Buffer::Kind::parameter:
        throw ArgumentError(name + " is a parameter or a view of one; expected a value that is computed");
      case Buffer::Kind::derived:
        throw ArgumentError(name + " is made of parameters only and kept between runs; expected a value of the run");
      case Buffer::Kind::output:
        throw ArgumentError(name + " shares the memory of another bound output; expected one of its own");
    }
  }

  /// The next tensor of step `number` lies in this buffer, or in none.
  void add_tensor(std::size_t number, int buffer) {
    PlannedStep& step = plan_.steps[number];
    const std::size_t tensor = step.buffers.size();
    step.buffers.push_back(buffer);
    const std::vector<int>& segments = segments_[number];
    if (buffer < 0 || segments.empty()) return;  // a view runs nowhere
    const ops::PhaseRange phases = step.step.uses_of(tensor);
    Buffer& touched = plan_.buffers[index(buffer)];
    if (touched.first_segment < 0) touched.first_segment = segments[phases.first];
    touched.last_segment = std::max(touched.last_segment, segments[phases.last]);
  }

  int new_buffer(const Node& node, ValueId value) {
    return add_buffer(is_derived(graph_, node) ? Buffer::Kind::derived : Buffer::Kind::step,
                      tensor_bytes(graph_.spec(value), plan_.options));
  }

  int first_output_buffer(const Node& node, std::size_t number) {
    if (node.op->is_view()) return buffer_of(node.inputs[0]);
    const int input = node.op->in_place_input();
    if (input >= 0 && may_take_over(node.inputs[index(input)], number)) return buffer_of(node.inputs[index(input)]);
    return new_buffer(node, node.outputs[0]);
  }

  /// Whether step `number` is the last to read the memory of `value`, and that memory is a step buffer.
  bool may_take_over(ValueId value, std::size_t number) {
    const int buffer = buffer_of(value);
    if (plan_.buffers[index(buffer)].kind != Buffer::Kind::step) return false;
    for (std::size_t other = 0; other < graph_.values().size(); ++other) {
      const ValueId alias = static_cast<ValueId>(other);
      if (buffer_of(alias) != buffer) continue;
      if (std::count(plan_.options.outputs.begin(), plan_.options.outputs.end(), alias)) return false;
      const std::vector<ValueId>& inputs = plan_.steps[number].node.inputs;
      if (std::count(inputs.begin(), inputs.end(), alias) > (alias == value ? 1 : 0)) return false;
      for (std::size_t later = number + 1; later < plan_.steps.size(); ++later) {
        const std::vector<ValueId>& read = plan_.steps[later].node.inputs;
        if (std::count(read.begin(), read.end(), alias)) return false;
      }
    }
    return true;
  }

  /// Largest first, each at the lowest offset where nothing that lives at the same time lies.
  void assign_offsets() {
    std::vector<std::size_t> order(plan_.buffers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return plan_.buffers[a].bytes > plan_.buffers[b].bytes; });
    std::vector<const Buffer*> placed;
    for (std::size_t number : order) {
      Buffer& buffer = plan_.buffers[number];
      if (buffer.kind == Buffer::Kind::derived) {
        buffer.offset = plan_.derived_bytes;
        plan_.derived_bytes = base::checked_add(plan_.derived_bytes, base::round_up(buffer.bytes, alignment));
      } else if (buffer.kind == Buffer::Kind::step) {
        buffer.offset = lowest_offset(buffer, placed);
        placed.push_back(&buffer);
        plan_.arena_bytes =
            std::max(plan_.arena_bytes, base::checked_add(buffer.offset, base::round_up(buffer.bytes, alignment)));
      }
    }
  }

  static std::int64_t lowest_offset(const Buffer& buffer, std::vector<const Buffer*>& placed) {
    std::sort(placed.begin(), placed.end(), [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; });
    std::int64_t offset = 0;
    for (const Buffer* other : placed) {
      const bool together = other->first_segment <= buffer.last_segment && buffer.first_segment <= other->last_segment;
      if (!together || other->offset + other->bytes <= offset) continue;
      if (offset + buffer.bytes <= other->offset) break;
      offset = base::round_up(other->offset + other->bytes, alignment);
    }
    return offset;
  }

  Plan& plan_;
  const Graph& graph_;
  std::vector<std::vector<int>> segments_;
};

}  // namespace

std::int64_t tensor_bytes(const TensorSpec& spec, const PlanOptions& options) {
  std::int64_t elements = spec.shape.elements();
  if (spec.storage == ops::Storage::batched) elements = base::checked_mul(elements, options.max_batch);
  if (spec.storage == ops::Storage::packed)
    elements = ops::weights_layout(spec, options.kernels.channel_block()).elements();
  const auto element_bytes = [&]() -> std::int64_t {
    switch (spec.element) {
      case ops::Element::u8:
        return 1;
      case ops::Element::u32:
      case ops::Element::i32:
        return 4;
      case ops::Element::scalar:
        break;
    }
    return options.kernels.element_bytes();
  };
  const std::int64_t bytes = base::checked_mul(elements, element_bytes());
  base::checked_add(bytes, alignment);  // so that rounding up cannot wrap
  return bytes;
}

void place(Plan& plan, const Graph& graph) {
  Placement(plan, graph).run();
}

}  // namespace tilewise::plan
