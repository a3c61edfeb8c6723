#include <algorithm>
#include <memory>
#include <optional>

#include "ops/conv2d.hpp"
#include "ops/conv3x3_pool.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/transform_conv2d.hpp"
#include "ops/transform_rows.hpp"
#include "plan/passes.hpp"
#include "tilewise/error.hpp"

namespace tilewise::plan {

namespace {

/// What the two passes of a convolution have in common.
struct Pass {
  ValueId image, kernel;  ///< kernel: as the pass reads it, or no_value
  ops::Window2D window;
  Shape kernel_shape;
  std::int64_t groups;
  bool transforms_weights;  ///< in each run
};

/// Whether the plan is one of training.
bool updates_parameters(const Graph& graph) {
  return std::any_of(graph.nodes().begin(), graph.nodes().end(),
                     [](const Node& node) { return !node.op->updated_inputs(node.inputs.size()).empty(); });
}

/// The transform that a pass with constant weights is to be computed by, if any, and why.
ops::TransformChoice choice_for(const Graph& graph, const PlanOptions& options, const Pass& pass) {
  const Shape& in = graph.spec(pass.image).shape;
  if (pass.kernel != no_value && !is_constant(graph, pass.kernel)) return {};
  const ops::ConvProblem problem{pass.window,       {in[0], in[1]},         in[2], pass.kernel_shape[3], pass.groups,
                                 options.max_batch, pass.transforms_weights};
  const ConvolutionChoice& choice = options.convolutions;
  if (choice.algorithm.empty()) return ops::choose_transform(problem, options.kernels, choice.arithmetic);
  const auto forced = ops::transform_called(choice.algorithm);
  if (!forced || !ops::can_transform(problem, options.kernels, *forced)) return {};
  return {forced, "asked for"};
}

/// The same convolution by Winograd's F(2x2, 3x3) in registers, or null. Where there are transforms, there are the FMA
/// and the registers for which it was measured.
std::shared_ptr<const ops::Op> in_registers(const PlanOptions& options, const ops::Conv2DAttributes& attributes,
                                            std::int64_t in_channels) {
  const ConvolutionChoice& choice = options.convolutions;
  if (choice.arithmetic == Arithmetic::strict || !choice.algorithm.empty() ||
      !ops::has_any_transform(options.kernels) || !ops::Conv3x3Pool::can_do_winograd(attributes, in_channels))
    return nullptr;
  ops::Conv2DAttributes changed = attributes;
  changed.winograd = true;
  return std::make_shared<ops::Conv2D>(changed);
}

/// The image's rows, which both passes read: where there are none yet, they are made right before node `position`,
/// which then moves on by one.
ValueId rows_before(Graph& graph, std::size_t& position, ValueId image, const ops::TransformRows& op) {
  std::vector<Node>& nodes = graph.nodes();
  for (const Node& node : nodes)
    if (const auto* rows = dynamic_cast<const ops::TransformRows*>(node.op.get());
        rows && *rows == op && node.inputs[0] == image)
      return node.outputs[0];
  const ValueId rows = graph.emit(std::make_shared<ops::TransformRows>(op), {image})[0];
  std::rotate(nodes.begin() + static_cast<std::ptrdiff_t>(position++), nodes.end() - 1, nodes.end());
  return rows;
}

void transform_forward(Graph& graph, const PlanOptions& options, std::size_t& position, const Node& node,
                       const ops::Conv2DAttributes& attributes) {
  const Shape kernel = graph.spec(node.inputs[1]).shape;
  const bool weights_change = updates_parameters(graph);
  const ops::TransformChoice choice = choice_for(
      graph, options, {node.inputs[0], node.inputs[1], attributes.window, kernel, attributes.groups, weights_change});
  graph.nodes()[position].why = choice.why;
  if (!choice.transform) {
    if (const auto op = in_registers(options, attributes, kernel[2])) {
      graph.nodes()[position].op = op;
      graph.nodes()[position].why = "one input channel, and 2x2 pools side by side";
    }
    return;
  }
  std::vector<ValueId> inputs = node.inputs;
  if (weights_change)
    inputs[0] = rows_before(graph, position, inputs[0], {*choice.transform, attributes.window});
  else
    inputs[1] = graph.emit(std::make_shared<ops::WeightSlices>(*choice.transform), {inputs[1]})[0];
  Node& changed = graph.nodes()[position];
  changed.op = std::make_shared<ops::TransformConv2D>(*choice.transform, attributes, graph.spec(node.inputs[0]).shape,
                                                      kernel[3]);
  changed.inputs = inputs;
}

void transform_backward(Graph& graph, const PlanOptions& options, std::size_t& position, const Node& node,
                        const ops::Conv2DBackward& op) {
  const ops::TransformChoice choice = choice_for(
      graph, options,
      {node.inputs[1], node.inputs[2], op.window(), op.kernel_shape(), op.groups(), node.inputs[2] != no_value});
  graph.nodes()[position].why = choice.why;
  if (!choice.transform) return;
  const bool reads_image = node.outputs[1] != no_value;
  const ValueId rows =
      reads_image ? rows_before(graph, position, node.inputs[1], {*choice.transform, op.window()}) : no_value;
  Node& changed = graph.nodes()[position];
  changed.op = std::make_shared<ops::TransformConv2DBackward>(*choice.transform, op.window(),
                                                              graph.spec(node.inputs[1]).shape, op.kernel_shape());
  changed.inputs = {node.inputs[0], rows, node.inputs[2], no_value};
}

}  // namespace

void check(const ConvolutionChoice& choice) {
  if (choice.algorithm.empty() || choice.algorithm == "direct" || ops::transform_called(choice.algorithm)) return;
  std::string known = "direct";
  for (const kernels::TransformShape& shape : kernels::transform_shapes) known += std::string(", ") + shape.name;
  throw ArgumentError("no algorithm is called '" + choice.algorithm + "'; expected one of " + known);
}

void transform_convolutions(Graph& graph, const PlanOptions& options) {
  // Emitting appends, and moves the nodes; what is appended is none of these two.
  for (std::size_t position = 0; position < graph.nodes().size(); ++position) {
    const Node node = graph.nodes()[position];
    graph.set_scope(node.name);
    if (const auto* conv = dynamic_cast<const ops::Conv2D*>(node.op.get()))
      transform_forward(graph, options, position, node, conv->attributes());
    else if (const auto* backward = dynamic_cast<const ops::Conv2DBackward*>(node.op.get()))
      transform_backward(graph, options, position, node, *backward);
  }
}

}  // namespace tilewise::plan
