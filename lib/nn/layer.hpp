#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
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
  bool is_trained = true;   ///< false: a running statistic, which no gradient changes
  std::int64_t groups = 1;  ///< of output channels, as it is stored
  /// What the ops see: the same values, row-major, under another shape. Empty: `shape`.
  Shape stored_shape = {};

  const Shape& shape_in_store() const noexcept { return stored_shape == Shape{} ? shape : stored_shape; }
};

/// What a network is emitted for. Some layers do other things in training.
enum class Mode : std::uint8_t { inference, training };

/// What a layer emits into: the graph, and the list of the network's parameters. No weight is allocated yet.
class LayerBuilder {
 public:
  /// Random numbers of training come from `seed`.
  LayerBuilder(plan::Graph& graph, std::vector<Parameter>& parameters, Mode mode, std::uint64_t seed)
      : graph_(graph), parameters_(parameters), mode_(mode), seed_(seed) {}

  Mode mode() const noexcept { return mode_; }
  std::uint64_t seed() const noexcept { return seed_; }

  /// The layer that emits from now on, and the number of its call in the network.
  void set_call(const std::string& layer, std::uint32_t call);
  std::uint32_t call() const noexcept { return call_; }
  /// The number of the training step, {1} plain, i32: an input that is added when it is first asked for.
  ValueId step();
  std::optional<ValueId> asked_step() const noexcept { return step_; }

  /// Of one sample.
  const Shape& shape(ValueId value) const { return graph_.spec(value).shape; }
  /// The parameter `layer/name`, which is added if the layer has not been called before. Throws ShapeError if an
  /// earlier call made it of another shape.
  ValueId parameter(Parameter wanted);
  ValueId parameter(const std::string& name, const Shape& shape, Initializer initializer, bool is_trained = true,
                    std::int64_t groups = 1);
  /// Adds an op; returns its outputs.
  std::vector<ValueId> emit_all(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs);
  /// Its first output.
  ValueId emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs);

 private:
  plan::Graph& graph_;
  std::vector<Parameter>& parameters_;
  Mode mode_;
  std::uint64_t seed_;
  std::vector<ValueId> values_;  ///< of the parameters, no_value before they are asked for
  std::optional<ValueId> step_;
  std::uint32_t call_ = 0;
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
