#pragma once

#include <vector>

#include "plan/graph.hpp"
#include "tilewise/compile.hpp"

namespace tilewise::nn {

/// Throws ArgumentError if more than one way of clipping gradients is asked for, or one with a limit that is not finite
/// and above zero.
void check_clipping(const CompileOptions& options);

/// The gradients as the optimizer is to see them: clipped as asked, or as they are.
std::vector<ops::ValueId> emit_clipping(plan::Graph& graph, const CompileOptions& options,
                                        const std::vector<ops::ValueId>& gradients);

}  // namespace tilewise::nn
