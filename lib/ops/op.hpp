#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/weights_layout.hpp"
#include "kernels/kernels.hpp"
#include "tilewise/shape.hpp"

/// One operation on whole tensors: its shape rule, its backward operations, and its phases. An op knows no threads and
/// no memory: the plan gives it both.
namespace tilewise::ops {

/// The arithmetic of a whole plan. f64 and i64 run on the reference kernels; they serve checks.
enum class Scalar { f32, f64, i64 };

/// What a tensor's elements are: the plan's scalar, or integers of their own.
enum class Element : std::uint8_t { scalar, u8, u32, i32 };

/// How a tensor lies in memory.
enum class Storage : std::uint8_t {
  batched,  ///< `shape` is one sample's; there is one for each sample of the batch, NHWC
  plain,    ///< `shape` is the whole tensor
  packed,   ///< `shape` is a parameter's plain one; stored in base::WeightsLayout
};

struct TensorSpec {
  Shape shape;
  Storage storage = Storage::batched;
  Element element = Element::scalar;
  std::int64_t groups = 1;  ///< of output channels, for Storage::packed

  friend bool operator==(const TensorSpec&, const TensorSpec&) = default;
};

/// Stands for an optional input that is not given.
inline bool is_absent(const TensorSpec& spec) noexcept {
  return spec == TensorSpec{};
}

/// The kernels of a plan: of one ISA for float32, the reference for the other scalars.
class Kernels {
 public:
  explicit Kernels(const kernels::KernelTable<float>& table) : scalar_(Scalar::f32), table_(&table) {}
  /// The reference kernels of `scalar`.
  explicit Kernels(Scalar scalar);

  Scalar scalar() const noexcept { return scalar_; }
  std::int64_t element_bytes() const noexcept { return scalar_ == Scalar::f32 ? 4 : 8; }
  std::int64_t channel_block() const noexcept;
  std::string_view isa() const noexcept;

  /// The kernels of float32; null for the other scalars.
  const kernels::KernelTable<float>* float_table() const noexcept {
    return scalar_ == Scalar::f32 ? static_cast<const kernels::KernelTable<float>*>(table_) : nullptr;
  }

  /// Calls f(table) with the KernelTable<T> of the plan's scalar.
  template <class F>
  auto visit(F&& f) const {
    switch (scalar_) {
      case Scalar::f64:
        return f(*static_cast<const kernels::KernelTable<double>*>(table_));
      case Scalar::i64:
        return f(*static_cast<const kernels::KernelTable<std::int64_t>*>(table_));
      case Scalar::f32:
        break;
    }
    return f(*static_cast<const kernels::KernelTable<float>*>(table_));
  }

 private:
  Scalar scalar_;
  const void* table_;
};

/// The part of a phase that one call does.
struct Work {
  std::int64_t batch;                   ///< samples in this run, at most the plan's maximum
  std::int64_t image_begin, image_end;  ///< the samples of this call; [0, batch) unless the phase is by_image
  std::int64_t item_begin, item_end;    ///< within [0, Phase::items)
  std::byte* scratch;                   ///< Phase::scratch_bytes, the calling lane's own
};

/// The step's tensors during a run: its inputs, its outputs, its workspaces, in this order. One that is not wanted is
/// null.
using Tensors = void* const*;

/// A number of independent pieces of work with a barrier after them. How they are grouped into calls changes no bit of
/// the result.
struct Phase {
  std::string name;
  std::int64_t items = 1;
  bool by_image = false;  ///< a call may cover some samples only, and reads nothing of other samples
  std::int64_t scratch_bytes = 0;
  std::function<void(Tensors, const Work&)> run;
  /// So many items, from a multiple of them on, share what a call prepares for them; `items` is a multiple of it.
  std::int64_t grain = 1;
};

/// Phases of a step, from one to another.
struct PhaseRange {
  std::size_t first, last;
};

/// An op made ready for one plan: what to do for at most `batch` samples.
struct Step {
  std::string algorithm;  ///< for people: "direct 12x32"
  std::vector<Phase> phases;
  std::vector<std::int64_t> workspace_bytes = {};  ///< step buffers beside inputs and outputs
  /// The phases that touch each tensor. In the others it is null, and its memory may be another's. What this does not
  /// reach to, all phases touch.
  std::vector<PhaseRange> uses = {};
  /// All phases at once for the samples of a call, where a lane has at least `min_images` of them: by_image, and with
  /// scratch in the place of workspaces, so that what passes from phase to phase stays in the lane's cache.
  std::optional<Phase> depth_first = {};
  std::int64_t min_images = 1;

  PhaseRange uses_of(std::size_t tensor) const {
    return tensor < uses.size() ? uses[tensor] : PhaseRange{0, phases.size() - 1};
  }
};

/// A tensor of the graph under construction.
using ValueId = int;
inline constexpr ValueId no_value = -1;

class Op;

/// What an op needs of the graph to write its backward operations.
class GraphBuilder {
 public:
  virtual ~GraphBuilder() = default;
  virtual const TensorSpec& spec(ValueId value) const = 0;
  /// Adds a node and returns its outputs. Throws what op.infer throws.
  virtual std::vector<ValueId> emit(std::shared_ptr<const Op> op, std::vector<ValueId> inputs) = 0;
};

/// A node whose gradients are asked for.
struct BackwardRequest {
  const std::vector<ValueId>& inputs;
  const std::vector<ValueId>& outputs;
  const std::vector<ValueId>& output_gradients;  ///< no_value: zero
  const std::vector<bool>& wanted;               ///< for each input: whether its gradient is needed
};

/// What an op is to be made ready for. Specs as infer() took and gave them; an optional output that nobody reads is not
/// wanted, and null in a run.
struct LowerRequest {
  const Kernels& kernels;
  const std::vector<TensorSpec>& inputs;
  const std::vector<TensorSpec>& outputs;
  const std::vector<bool>& wanted;  ///< for each output
  std::int64_t batch;               ///< samples in a run, at most
};

class Op {
 public:
  virtual ~Op() = default;

  /// "conv2d", "conv2d_backward": the id in dumps, tests and benches.
  virtual std::string_view kind() const noexcept = 0;

  /// The specs of the outputs. Throws ShapeError, naming what was found and expected, if the inputs do not fit.
  virtual std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const = 0;

  /// Emits the backward operations; returns the gradient of each input, no_value where there is none. Ops that nothing
  /// is differentiated through (optimizer updates, metrics) keep this default, which throws.
  virtual std::vector<ValueId> backward(GraphBuilder& graph, const BackwardRequest& request) const;

  /// The phases that compute the wanted outputs.
  virtual Step lower(const LowerRequest& request) const = 0;

  /// The multiplications and additions by which direct computing gives the wanted outputs, padding included, for a
  /// whole batch. 0 for ops whose time goes into moving memory.
  virtual double flops(const LowerRequest&) const { return 0; }

  /// Whether an output may be left out where nobody reads it.
  virtual bool is_optional(std::size_t output) const noexcept { return output > 0; }
  /// The input whose memory output 0 may take over, or -1. The result is the same whether it does or not.
  virtual int in_place_input() const noexcept { return -1; }
  /// Whether output 0 is input 0 seen with another shape: nothing is computed.
  virtual bool is_view() const noexcept { return false; }
  /// Whether output 0 is the loss of each sample: backward() then gives the gradient of its mean over the batch, and
  /// asks for none of its own.
  virtual bool is_loss() const noexcept { return false; }
  /// Whether the outputs may be kept between runs as long as the inputs, parameters all, have not changed.
  virtual bool is_derived() const noexcept { return false; }
  /// The inputs that running it changes: an optimizer's parameters and state.
  virtual std::vector<int> updated_inputs(std::size_t /*input_count*/) const { return {}; }
};

/// Of a packed tensor. Throws ShapeError as base::weights_layout does.
base::WeightsLayout weights_layout(const TensorSpec& spec, std::int64_t channel_block);

/// "batch of 28x28x1", "parameter 3x3x32x64", "batch of scalar i32".
std::string to_string(const TensorSpec& spec);

/// Throws ShapeError, naming op, input, found and expected, unless the inputs are these.
void expect_inputs(const Op& op, const std::vector<TensorSpec>& inputs, std::initializer_list<TensorSpec> expected);
/// The same unless there are `count` inputs, all of the first one's spec and of the plan's scalar.
void expect_alike(const Op& op, const std::vector<TensorSpec>& inputs, std::size_t count);

/// Throws ShapeError for a kernel without elements.
void expect_filled(const Op& op, const Shape& kernel);

/// The index-th tensor of a step as elements of type T.
template <class T>
T* tensor(Tensors tensors, std::size_t index) {
  return static_cast<T*>(tensors[index]);
}

}  // namespace tilewise::ops
