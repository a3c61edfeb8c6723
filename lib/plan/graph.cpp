#include "plan/graph.hpp"

namespace tilewise::plan {

ValueId Graph::add_input(std::string name, TensorSpec spec) {
  values_.push_back({std::move(name), std::move(spec), Role::input});
  return static_cast<ValueId>(values_.size()) - 1;
}

ValueId Graph::add_parameter(std::string name, const Shape& shape, int parameter, std::int64_t groups) {
  values_.push_back(
      {std::move(name), {shape, ops::Storage::packed, ops::Element::scalar, groups}, Role::parameter, parameter});
  return static_cast<ValueId>(values_.size()) - 1;
}

std::vector<ValueId> Graph::emit(std::shared_ptr<const ops::Op> op, std::vector<ValueId> inputs) {
  std::vector<TensorSpec> specs;
  for (ValueId input : inputs) specs.push_back(input == no_value ? TensorSpec{} : spec(input));
  std::vector<ValueId> outputs;
  for (TensorSpec& output : op->infer(specs)) {
    values_.push_back({scope_, std::move(output), Role::intermediate});
    outputs.push_back(static_cast<ValueId>(values_.size()) - 1);
  }
  nodes_.push_back({scope_, std::move(op), std::move(inputs), outputs});
  return outputs;
}

}  // namespace tilewise::plan
