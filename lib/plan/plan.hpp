#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plan/graph.hpp"
#include "tilewise/arithmetic.hpp"

namespace tilewise::plan {

/// How convolutions are to be computed: CompileOptions has the words for it.
struct ConvolutionChoice {
  Arithmetic arithmetic = Arithmetic::strict;
  std::string algorithm = {};
};

/// Throws ArgumentError for an algorithm that is none.
void check(const ConvolutionChoice& choice);

struct PlanOptions {
  ops::Kernels kernels;
  std::int64_t max_batch;
  /// Values to be read after a run, beside parameters.
  std::vector<ValueId> outputs;
  /// Whether ops may be fused. Off, every intermediate value exists: for checks.
  bool fuse = true;
  /// Those of `outputs` whose memory the caller gives each run (Execution::bind_output), so that nothing is copied.
  std::vector<ValueId> bound_outputs = {};
  ConvolutionChoice convolutions = {};
};

/// A node made ready: its phases, and where each tensor of it lives.
struct PlannedStep {
  Node node;
  ops::Step step;
  std::vector<int> buffers;  ///< of inputs, outputs, workspaces; -1 for none
  double flops = 0;          ///< as ops::Op has it, of max_batch samples
  double bytes = 0;          ///< of the tensors that it reads and writes, each counted once, of max_batch samples
  /// About how long it takes a core: seconds whatever the batch, and for each sample.
  double seconds_of_run = 0, seconds_of_sample = 0;
};

/// The memory of one or several values (views share one).
struct Buffer {
  enum class Kind : std::uint8_t { input, output, parameter, derived, step };
  Kind kind;
  std::int64_t bytes;
  int parameter = -1;  ///< Kind::parameter
  int first_segment = -1, last_segment = -1;
  std::int64_t offset = -1;  ///< in the arena (Kind::step) or in the derived memory (Kind::derived)
};

/// Phases that run with one barrier at the end: depth-first, a tile of samples at a time, or a single phase over its
/// items.
struct Segment {
  /// The phase number that stands for ops::Step::depth_first.
  static constexpr int depth_first = -1;
  struct Entry {
    int step, phase;
  };
  std::vector<Entry> phases;  ///< over items, one after the other
  std::vector<Entry> tiled;   ///< the same for a tile of samples, if by_image
  bool by_image;              ///< all of it can be cut by samples
  std::int64_t tile_images;   ///< how many samples run through all of it at a time
  std::int64_t min_images;    ///< how many a lane must have for that
  bool derived;               ///< needed only when the parameters changed
};

/// How a graph runs on one ISA for up to max_batch samples. Immutable once made.
struct Plan {
  PlanOptions options;
  std::vector<PlannedStep> steps;
  std::vector<Buffer> buffers;
  std::vector<int> buffer_of_value;  ///< -1: the value was fused away
  std::vector<Segment> segments;
  std::vector<TensorSpec> specs = {};  ///< of each value
  std::int64_t arena_bytes = 0, derived_bytes = 0, scratch_bytes = 0;
  bool updates_parameters = false;

  const ops::Phase& phase(const Segment::Entry& entry) const {
    const ops::Step& step = steps[static_cast<std::size_t>(entry.step)].step;
    return entry.phase == Segment::depth_first ? *step.depth_first : step.phases[static_cast<std::size_t>(entry.phase)];
  }

  /// A table of the steps: layer, op, algorithm, shapes, segment, arena offset and bytes of each output; and why
  /// convolutions have their algorithms.
  std::string dump() const;
};

/// Runs the passes after differentiate. Throws ShapeError if a size does not fit; ArgumentError for a bound output that
/// is no output or that has no memory of its own: an input or a parameter, a view of one, a derived weight, a second
/// view of another bound output.
std::shared_ptr<const Plan> make_plan(Graph graph, const PlanOptions& options);

}  // namespace tilewise::plan
