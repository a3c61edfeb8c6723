#include "ops/elementwise.hpp"

#include "ops/over_elements.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

std::vector<TensorSpec> Relu::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 1);
  return {inputs[0]};
}

std::vector<ValueId> Relu::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<ReluBackward>(), {request.output_gradients[0], request.outputs[0]});
}

Step Relu::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{
        "",
        {over_elements("forward", request.kernels, request.outputs[0],
                       [&table](Tensors tensors, std::int64_t begin, std::int64_t count) {
                         table.relu({tensor<const T>(tensors, 0) + begin, tensor<T>(tensors, 1) + begin, count});
                       })},
        {}};
  });
}

std::vector<TensorSpec> ReluBackward::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 2);
  return {inputs[0]};
}

Step ReluBackward::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{
        "",
        {over_elements("backward", request.kernels, request.outputs[0],
                       [&table](Tensors tensors, std::int64_t begin, std::int64_t count) {
                         table.relu_backward({tensor<const T>(tensors, 1) + begin, tensor<const T>(tensors, 0) + begin,
                                              tensor<T>(tensors, 2) + begin, count});
                       })},
        {}};
  });
}

std::vector<TensorSpec> Add::infer(const std::vector<TensorSpec>& inputs) const {
  expect_alike(*this, inputs, 2);
  return {inputs[0]};
}

std::vector<ValueId> Add::backward(GraphBuilder&, const BackwardRequest& request) const {
  return {request.output_gradients[0], request.output_gradients[0]};
}

Step Add::lower(const LowerRequest& request) const {
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    return Step{"",
                {over_elements("forward", request.kernels, request.outputs[0],
                               [&table](Tensors tensors, std::int64_t begin, std::int64_t count) {
                                 table.add({tensor<const T>(tensors, 0) + begin, tensor<const T>(tensors, 1) + begin,
                                            tensor<T>(tensors, 2) + begin, count});
                               })},
                {}};
  });
}

std::vector<TensorSpec> Reshape::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 1 || inputs[0].storage != Storage::batched || inputs[0].shape.elements() != shape_.elements())
    throw ShapeError("reshape: " + (inputs.empty() ? std::string("no input") : to_string(inputs[0])) + "; expected " +
                     std::to_string(shape_.elements()) + " elements a sample");
  return {{shape_, Storage::batched, inputs[0].element}};
}

std::vector<ValueId> Reshape::backward(GraphBuilder& graph, const BackwardRequest& request) const {
  return graph.emit(std::make_shared<Reshape>(graph.spec(request.inputs[0]).shape), {request.output_gradients[0]});
}

Step Reshape::lower(const LowerRequest&) const {
  return {"view", {}, {}};
}

}  // namespace tilewise::ops
