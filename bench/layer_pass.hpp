#pragma once

#include <string>
#include <vector>

#include "op_run.hpp"
#include "suites.hpp"
#include "tilewise/isa.hpp"

/// The passes of a suite's layers as ops: what tilewise-bench and the programs in peers/ measure.
namespace tilewise::bench {

/// "conv2d_backward_data".
std::string op_name(const Layer& layer, Pass pass);

/// The passes that a layer has: a first layer's data need no gradient, a max-pool has one gradient only.
std::vector<Pass> passes(const Layer& layer);

/// The names of the algorithms that can run a pass of a layer on an ISA: the part ALGORITHM of a benchmark's name.
std::vector<std::string> algorithms(const Layer& layer, Pass pass, Isa isa);

/// Adds the ops of a pass and returns what it computes.
///
/// forward: from "x", "kernel" and "bias" the activated result; behind a max-pool the pooled one and its index.
/// backward_data, backward_weights, backward: from "out_gradient", "x" and "kernel" the gradients of x, of kernel and
/// bias, of all three, of the layer before its ReLU. A pooled convolution's begin at the gradient of the pooled map and
/// its "index".
///
/// kernel and bias are parameters of the plan, packed when they are set; what a plan derives from them (kernels
/// transposed or transformed) it derives in its first run. Neither is timed, and neither need be where weights stay: in
/// inference always; in training they change with each step, and what that costs is no part of these figures.
std::vector<plan::ValueId> emit_layer(PassGraph& graph, const Layer& layer, Pass pass);

/// The bytes that a pass of a max-pool must read and write, each once, for one image.
double pool_bytes(const Layer& layer, Pass pass);

}  // namespace tilewise::bench
