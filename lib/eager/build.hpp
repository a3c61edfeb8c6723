#pragma once

#include <memory>
#include <string>

#include "eager/one_op.hpp"
#include "ops/window2d.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

/// What the files that build operations share.
namespace tilewise::eager {

/// Calls f, and puts the op's name before the message of what it throws, unless it is there.
template <class F>
auto named(const std::string& op, F f) {
  const auto message = [&](const Error& error) {
    const std::string text = error.what();
    return text.starts_with(op + ":") ? text : op + ": " + text;
  };
  try {
    return f();
  } catch (const ShapeError& error) {
    throw ShapeError(message(error));
  } catch (const ArgumentError& error) {
    throw ArgumentError(message(error));
  }
}

inline ops::Extent2D extent_of_batch(const Shape& images) {
  return {images[1], images[2]};
}
inline constexpr const char* image_axes = "batch x height x width x channels";
inline constexpr const char* vector_axes = "batch x features";

/// The shape of one sample, of any rank. Throws ShapeError if there is no batch.
Shape sample_of_any(const std::string& op, const Shape& shape);

/// Throws ArgumentError unless a convolution may end in this activation; and unless there is none, for a backward
/// operation.
void require_fused(Activation activation);
void require_linear(Activation activation);

/// Refuses an operation without any gradient.
void require_some(const std::string& op, const WantedGradients& wanted);
inline WantedGradients wanted_by(const Gradients& gradients) {
  return {gradients.dx.is_given(), gradients.dw.is_given(), gradients.db.is_given()};
}
/// The shape of the forward operation's x: x's own, or dx's where x is left out.
const Shape& x_shape_of(const std::string& op, const ConstTensorView& x, const Gradients& gradients);

/// Ports of a backward operation's inputs dy and x, and of its gradients, of which some are not wanted.
std::vector<Port> backward_inputs(plan::ValueId dy, plan::ValueId x, const WantedGradients& wanted);
std::vector<Port> gradient_ports(const std::vector<plan::ValueId>& outputs, const WantedGradients& wanted);

/// The gradients of a backward operation are apart from its weights, which a prepared one has a copy of.
void require_apart_from_weights(const std::string& op, const ConstTensorView& w, const Gradients& gradients);

}  // namespace tilewise::eager
