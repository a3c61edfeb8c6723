#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "support/pick.hpp"

// Every op draws cases of its own, in *_cases.cpp by theme; test_every_op.cpp holds each of them to the rows of the
// written test plan that it belongs to.
namespace tilewise::test {

using Inputs = std::vector<Values>;

/// One op on drawn inputs.
struct OpCase {
  std::shared_ptr<const ops::Op> op;
  std::vector<ops::TensorSpec> specs = {};  ///< an absent input has an empty one
  Inputs inputs = {};
  std::int64_t batch = 1;
  /// The outputs, then what becomes of inputs that the op changes, by definition, written out; none for what has no
  /// exact form. Fewer than there are, if the last ones are left to other tests.
  std::function<Inputs(const Inputs&)> definition = {};
  /// Inputs that output 0 is affine in while the others stay: these are held to the adjoint identity.
  std::vector<std::size_t> affine = {};
  /// Inputs that there is a gradient of.
  std::vector<std::size_t> differentiable = {};
  /// Products that a sum adds up, where the definition is one: a float result is held to the bound of such a sum.
  std::int64_t terms = 0;
  /// Otherwise, how far it may be off, relative to 1 and the result.
  double tolerance = 2e-6;
  /// What a whole gradient of output 0 is to be a multiple of, so that gradients of inputs are whole.
  double multiple = 1;
};

struct DrawnOp {
  const char* name;
  OpCase (*draw)(Pick&);
};

/// Of one file each; op_cases.cpp joins them.
std::vector<DrawnOp> activation_ops();
std::vector<DrawnOp> batch_norm_ops();
std::vector<DrawnOp> classification_ops();
std::vector<DrawnOp> convolution_ops();
std::vector<DrawnOp> depthwise_ops();
std::vector<DrawnOp> elementwise_ops();
std::vector<DrawnOp> moving_ops();
std::vector<DrawnOp> pooling_ops();
std::vector<DrawnOp> target_ops();
std::vector<DrawnOp> transpose_ops();
std::vector<DrawnOp> update_ops();

/// All of them.
const std::vector<DrawnOp>& every_op();

/// A packed tensor's spec.
inline ops::TensorSpec packed(const Shape& shape, std::int64_t groups = 1) {
  return {shape, ops::Storage::packed, ops::Element::scalar, groups};
}
inline ops::TensorSpec of_element(ops::TensorSpec spec, ops::Element element) {
  spec.element = element;
  return spec;
}
/// f(element of each input) for every element.
template <class F>
std::function<Inputs(const Inputs&)> by_element(F f) {
  return [f](const Inputs& inputs) {
    Values result(inputs[0].size());
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = f(inputs, i);
    return Inputs{result};
  };
}

}  // namespace tilewise::test
