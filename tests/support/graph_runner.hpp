#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plan/execution.hpp"
#include "plan/plan.hpp"

/// Runs ops and graphs on plain vectors of double, whatever the scalar, the packing and the ISA. Integers of less than
/// 2^24 stay exact.
namespace tilewise::test {

using Values = std::vector<double>;

/// Elements of a tensor of this spec in a batch, plain.
std::int64_t element_count(const ops::TensorSpec& spec, std::int64_t batch);

/// Small integers in [-limit, limit] for every element, from (seed, position).
Values integers(const ops::TensorSpec& spec, std::int64_t batch, int limit, std::uint64_t seed);
/// Odd multiples of 2^-13 in [-1, 1), no two values of a sample equal if it has fewer than 8192 elements: far from the
/// kinks of max-pool.
Values reals(const ops::TensorSpec& spec, std::int64_t batch, std::uint64_t seed);

struct RunSettings {
  ops::Kernels kernels;
  std::int64_t batch;
  int threads = 1;
  bool fuse = true;
  std::string algorithm = {};  ///< as in plan::ConvolutionChoice
};

/// Every kernel table that floats can run on here, and the float64 reference.
std::vector<ops::Kernels> all_float_kernels();

/// Makes a plan, binds `inputs` (parameters of the graph included), runs it once, and returns the values of `outputs`.
std::vector<Values> run_graph(const plan::Graph& graph, const std::map<plan::ValueId, Values>& inputs,
                              const std::vector<plan::ValueId>& outputs, const RunSettings& settings);

/// One op as a graph of its own; an absent input is an empty spec. All outputs are returned, then what became of the
/// inputs that the op changes. Inputs and outputs lie
/// flush with a protected page, inputs that the op does not change are read-only, and outputs begin as NaN.
std::vector<Values> run_op(std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& specs,
                           const std::vector<Values>& inputs, const RunSettings& settings);

double dot(const Values& a, const Values& b);

/// What op.backward() makes of the gradient `probe` of output 0, for each input in `checked`.
std::vector<Values> op_gradients(const std::shared_ptr<const ops::Op>& op, const std::vector<ops::TensorSpec>& specs,
                                 const std::vector<Values>& inputs, const Values& probe,
                                 const std::vector<std::size_t>& checked, const RunSettings& settings);

/// Central differences against op.backward(), in float64, for f(inputs) = <probe, output 0>; returns the largest error
/// over the inputs in `checked`, relative to the larger of 1 and the gradient.
double gradient_error(std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& specs,
                      const std::vector<Values>& inputs, const std::vector<std::size_t>& checked, std::int64_t batch,
                      std::uint64_t seed);

}  // namespace tilewise::test
