#include <algorithm>
#include <vector>

#include "plan/passes.hpp"

namespace tilewise::plan {

namespace {

using Row = std::vector<std::string>;

void append(std::string& text, const char* separator, const std::string& part) {
  if (!text.empty()) text += separator;
  text += part;
}

/// At most four shapes: an optimizer reads every parameter.
std::string shapes(const Plan& plan, const std::vector<ValueId>& values) {
  std::string text;
  for (std::size_t number = 0; number < values.size(); ++number) {
    if (number == 4) return text + " and " + std::to_string(values.size() - number) + " more";
    if (const ValueId value = values[number]; value != no_value)
      append(text, " ", plan.specs[static_cast<std::size_t>(value)].shape.to_string());
  }
  return text;
}

std::string memory(const Buffer& buffer) {
  const std::string bytes = std::to_string(buffer.bytes);
  switch (buffer.kind) {
    case Buffer::Kind::input:
      return "input";
    case Buffer::Kind::output:
      return "output";
    case Buffer::Kind::parameter:
      return "parameter " + std::to_string(buffer.parameter);
    case Buffer::Kind::derived:
      return "derived+" + std::to_string(buffer.offset) + " " + bytes;
    case Buffer::Kind::step:
      break;
  }
  return "arena+" + std::to_string(buffer.offset) + " " + bytes;
}

/// Where the outputs of a step live.
std::string output_memory(const Plan& plan, const PlannedStep& step) {
  std::string text;
  for (std::size_t output = 0; output < step.node.outputs.size(); ++output) {
    const int buffer = step.buffers[step.node.inputs.size() + output];
    if (buffer >= 0) append(text, " | ", memory(plan.buffers[static_cast<std::size_t>(buffer)]));
  }
  return text;
}

std::string segments_of(const Plan& plan, int step) {
  std::string text;
  for (std::size_t segment = 0; segment < plan.segments.size(); ++segment)
    for (const Segment::Entry& entry : plan.segments[segment].phases)
      if (entry.step == step) append(text, " ", std::to_string(segment));
  return text;
}

std::string table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const Row& row : rows)
    for (std::size_t column = 0; column < row.size(); ++column)
      widths[column] = std::max(widths[column], row[column].size());
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column)
      line += row[column] + std::string(widths[column] - row[column].size() + 2, ' ');
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::string Plan::dump() const {
  std::vector<Row> rows{
      {"step", "layer", "op", "algorithm", "inputs", "outputs", "segment", "memory of outputs: offset, bytes"}};
  for (std::size_t number = 0; number < steps.size(); ++number) {
    const PlannedStep& step = steps[number];
    rows.push_back({std::to_string(number), step.node.name, std::string(step.node.op->kind()) + step.node.note,
                    step.step.algorithm, shapes(*this, step.node.inputs), shapes(*this, step.node.outputs),
                    segments_of(*this, static_cast<int>(number)), output_memory(*this, step)});
  }
  std::string text = table(rows);
  for (std::size_t number = 0; number < steps.size(); ++number)
    if (!steps[number].node.why.empty())
      text +=
          "step " + std::to_string(number) + ", " + steps[number].step.algorithm + ": " + steps[number].node.why + "\n";
  for (std::size_t number = 0; number < segments.size(); ++number)
    if (segments[number].phases.size() > 1)
      text += "segment " + std::to_string(number) + " runs depth-first over tiles of at most " +
              std::to_string(segments[number].tile_images) + " samples\n";
  return text + "isa " + std::string(options.kernels.isa()) + ", at most " + std::to_string(options.max_batch) +
         " samples, arena " + std::to_string(arena_bytes) + " bytes, derived weights " + std::to_string(derived_bytes) +
         " bytes\n";
}

}  // namespace tilewise::plan
