#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ops/op.hpp"

/// How a network runs. A Graph of ops becomes a Plan, made once by the passes differentiate, choose, segment, place; an
/// Execution runs it.
namespace tilewise::plan {

using ops::no_value;
using ops::TensorSpec;
using ops::ValueId;

enum class Role : std::uint8_t { input, parameter, intermediate };

struct Value {
  std::string name;
  TensorSpec spec;
  Role role;
  int parameter = -1;  ///< its number in the ParameterStore, for Role::parameter
};

struct Node {
  std::string name;  ///< the layer that it came from
  std::shared_ptr<const ops::Op> op;
  std::vector<ValueId> inputs;   ///< no_value: an optional input that is absent
  std::vector<ValueId> outputs;  ///< no_value: an optional output that nobody wants
  std::string note = {};         ///< what `choose` did here, for people
  std::string why = {};          ///< its algorithm was chosen
};

/// A directed acyclic graph of ops, its nodes in an order that runs.
class Graph final : public ops::GraphBuilder {
 public:
  ValueId add_input(std::string name, TensorSpec spec);
  /// A trained parameter or an optimizer's state: number `parameter` of the store that the plan will run on.
  ValueId add_parameter(std::string name, const Shape& shape, int parameter, std::int64_t groups = 1);

  /// Nodes emitted from now on carry this name.
  void set_scope(std::string name) { scope_ = std::move(name); }

  const TensorSpec& spec(ValueId value) const override { return values_[static_cast<std::size_t>(value)].spec; }
  std::vector<ValueId> emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs) override;

  const Value& value(ValueId id) const { return values_[static_cast<std::size_t>(id)]; }
  const std::vector<Value>& values() const noexcept { return values_; }
  std::vector<Node>& nodes() noexcept { return nodes_; }
  const std::vector<Node>& nodes() const noexcept { return nodes_; }

 private:
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::string scope_;
};

/// Appends to `graph` the backward operations of `loss` (a loss op's per-sample output; its mean over the batch is
/// differentiated) and returns the gradient of each value of `with_respect_to`. A value used several times has its
/// gradients added, in the order of use. Throws ArgumentError if loss does not depend on one of them.
std::vector<ValueId> differentiate(Graph& graph, ValueId loss, const std::vector<ValueId>& with_respect_to);

}  // namespace tilewise::plan
