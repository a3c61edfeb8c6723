#pragma once

#include "plan/plan.hpp"

/// The passes of make_plan, in the order in which they run, after differentiate (graph.hpp).
namespace tilewise::plan {

/// Rewrites the graph: fuses groups of ops into one where the options allow it, drops what nobody reads, marks optional
/// outputs that nobody reads as not wanted, and puts derived tensors first.
void choose(Graph& graph, const PlanOptions& options);

/// A part of choose(): convolutions go through transforms where that is expected to be faster, or forced.
void transform_convolutions(Graph& graph, const PlanOptions& options);

/// Cuts the phases of plan.steps into plan.segments.
void segment(Plan& plan, const Graph& graph);

/// Gives every tensor its buffer, and every buffer of a step or of derived weights its place: plan.buffers and the
/// sizes.
void place(Plan& plan, const Graph& graph);

/// Whether the value changes only with the parameters.
bool is_constant(const Graph& graph, ValueId value);

/// Whether the node's outputs depend on parameters only, so that they are kept until those change.
bool is_derived(const Graph& graph, const Node& node);

/// Bytes of a tensor for max_batch samples. Throws ShapeError if they do not fit into 63 bits.
std::int64_t tensor_bytes(const TensorSpec& spec, const PlanOptions& options);

}  // namespace tilewise::plan
