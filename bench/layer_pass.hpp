#pragma once

#include <memory>
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

/// The names of the algorithms that are worth measuring for a pass on an ISA.
std::vector<std::string> algorithms(const Layer& layer, Pass pass, Isa isa);

/// What one figure is for.
struct Setting {
  Layer layer;
  Pass pass;
  Isa isa;
  std::string algorithm;
  std::int64_t batch;
  int threads;

  /// OP_PASS/ISA/ALGORITHM/SUITE.LAYER/bN/tN.
  std::string name() const;
  /// The nominal floating-point operations of a run.
  double flops() const;
  /// The bytes that a run of a max-pool must read and write, each once.
  double pool_bytes() const;
};

/// The pass, ready to run.
///
/// forward: from "x", "kernel" and "bias" the activated result; behind a max-pool the pooled one and its index.
/// backward_data, backward_weights, backward: from "out_gradient", "x" and "kernel" the gradients of x, of kernel and
/// bias, of all three, of the layer before its ReLU. A pooled convolution's begin at the gradient of the pooled map and
/// its "index".
///
/// kernel and bias are parameters of the plan, packed when they are set; what a plan derives from them (kernels
/// transposed or transformed) it derives in its first run. Neither is timed, and neither need be where weights stay: in
/// inference always; in training they change with each step, and what that costs is no part of these figures.
std::unique_ptr<OpRun> make_run(const Setting& setting);

}  // namespace tilewise::bench
