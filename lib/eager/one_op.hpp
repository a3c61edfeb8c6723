#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eager/operand.hpp"
#include "eager/staging.hpp"
#include "plan/execution.hpp"
#include "plan/graph.hpp"

/// One operation on the caller's own buffers.
namespace tilewise::eager {

/// What the public functions call a parameter, and its values.
struct NamedOperand : Operand {
  std::string_view name;
  template <class T>
  NamedOperand(std::string_view name, const View<T>& view) : Operand(view), name(name) {}
};

/// A tensor that the caller gives to each run.
struct Port {
  std::string name;          ///< what the public functions call it
  plan::ValueId value;       ///< plan::no_value: it was not prepared, and must not be given
  bool is_optional = false;  ///< may be left out: the op then gets null
  Shape seen_as = {};        ///< what the caller calls the shape, if the plan has merged axes of it
};

/// A plan of one step, or of few, with its weights, and memory to copy strided views through. One thread at a time may
/// run it.
class OneOp {
 public:
  /// The op that `graph` ends in, with what fuses into it, for at most `batch` samples. Its parameters are named as the
  /// public functions name them, and are zero at first. The first input is always given and batched. Throws
  /// ArgumentError for an algorithm that is none.
  OneOp(std::string name, const plan::Graph& graph, std::vector<Port> inputs, std::vector<Port> outputs,
        std::int64_t batch, plan::ConvolutionChoice convolutions = {});

  /// The shape that the caller gives a parameter, if the plan has merged axes of it.
  void see_parameter_as(std::string_view name, const Shape& shape);
  /// Parameters by their names; the others stay. What the graph has no parameter for must be left out. Checks all of
  /// them first. Allocates nothing.
  void set_parameters(std::initializer_list<NamedOperand> operands);

  /// One operand for each port. Checks all of them first. Allocates nothing.
  void run(const std::initializer_list<Operand>& inputs, const std::initializer_list<Operand>& outputs);

  /// Of one sample of the first input.
  const Shape& input_shape() const { return spec(inputs_[0]).shape; }
  /// Of the first result for the whole batch.
  Shape result_shape() const;

 private:
  const ops::TensorSpec& spec(const Port& port) const { return plan_->specs[static_cast<std::size_t>(port.value)]; }
  static bool is_batched(const ops::TensorSpec& spec) { return spec.storage == ops::Storage::batched; }

  std::optional<int> parameter_called(std::string_view name) const;
  void check_parameter(const NamedOperand& operand) const;
  void check_not_given(std::string_view name, const Operand& operand) const;
  void store(int number, const Operand& operand);
  std::int64_t check(const std::initializer_list<Operand>& inputs, const std::initializer_list<Operand>& outputs) const;
  std::int64_t batch_of(const Port& port, const Operand& operand) const;
  void check_port(const Port& port, const Operand& operand, std::int64_t batch) const;
  void bind_input(std::size_t port, const Operand& operand);
  void bind_output(std::size_t port, const Operand& operand);
  void deliver(std::size_t port, const Operand& operand) const;
  void unpack(const Port& port, float* plain) const;
  Staging make_staging(const Port& port) const;

  std::string name_;
  std::vector<Port> inputs_, outputs_;
  plan::ParameterStore store_;
  std::vector<Shape> parameter_shapes_;  ///< as the caller sees them
  std::shared_ptr<const plan::Plan> plan_;
  int threads_;
  plan::Execution execution_;
  Staging parameter_staging_;
  std::vector<Staging> input_staging_, output_staging_;
};

}  // namespace tilewise::eager
