#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "nn/initializers.hpp"
#include "plan/graph.hpp"
#include "tilewise/layers.hpp"

/// A layer is its parameters and the ops that it emits: it computes nothing and owns no activation.
namespace tilewise::nn {

using ops::no_value;
using ops::ValueId;

/// A parameter that a layer asked for. Its index in the network is its number in the ParameterStore.
struct Parameter {
  std::string name;  ///< "conv2d/kernel"
  Shape shape;
  Initializer initializer;
};

/// What a layer emits into: the graph, and the list of the network's parameters. No weight is allocated yet.
class LayerBuilder {
 public:
  LayerBuilder(plan::Graph& graph, std::vector<Parameter>& parameters) : graph_(graph), parameters_(parameters) {}

  const plan::Graph& graph() const noexcept { return graph_; }

  /// The layer that emits from now on.
  void set_layer(const std::string& name);

  /// Of one sample.
  const Shape& shape(ValueId value) const { return graph_.spec(value).shape; }
  /// The parameter `layer/name`, which is added if the layer has not been called before. Throws ShapeError if an
  /// earlier call made it of another shape.
  ValueId parameter(const std::string& name, const Shape& shape, Initializer initializer);
  /// Adds an op; returns its first output.
  ValueId emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs);

 private:
  plan::Graph& graph_;
  std::vector<Parameter>& parameters_;
  std::vector<ValueId> values_;  ///< of the parameters, no_value before they are asked for
  std::string layer_;
};

/// What stands behind a tilewise::Layer. Immutable.
class LayerDefinition {
 public:
  /// An empty name lets the network choose one.
  explicit LayerDefinition(std::string name) : name_(std::move(name)) {}
  virtual ~LayerDefinition() = default;

  const std::string& name() const noexcept { return name_; }
  /// Keras's class name, "Conv2D": the layer's entry in the registry.
  virtual std::string_view kind() const noexcept = 0;
  /// Adds the layer's parameters and ops; returns its output. Throws ShapeError if `x` does not fit. Every layer of one
  /// input has this.
  virtual ValueId emit(LayerBuilder& builder, ValueId x) const;
  /// The same for layers of several inputs. By default there is one.
  virtual ValueId emit_inputs(LayerBuilder& builder, const std::vector<ValueId>& inputs) const;
  /// Everything but the name, under Keras's field names: what the registry's from_config reads.
  virtual nlohmann::json config() const = 0;

 private:
  std::string name_;
};

/// Throws ArgumentError "kind: what must be at least minimum, found value".
void require_at_least(std::int64_t minimum, std::int64_t value, std::string_view kind, const char* what);

/// The height, width and channels of an image. Throws ShapeError if `shape` is not one.
const Shape& require_image(const Shape& shape);

}  // namespace tilewise::nn
