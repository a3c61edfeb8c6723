#include "eager/one_op.hpp"

#include "base/weights_layout.hpp"
#include "eager/strided_copy.hpp"
#include "kernels/select.hpp"
#include "plan/passes.hpp"
#include "tilewise/error.hpp"
#include "tilewise/runtime.hpp"

namespace tilewise::eager {

namespace {

/// A store with the graph's parameters, all zero.
plan::ParameterStore store_for(const plan::Graph& graph, const ops::Kernels& kernels) {
  plan::ParameterStore store(kernels);
  for (const plan::Value& value : graph.values())
    if (value.role == plan::Role::parameter) store.add(value.name, value.spec.shape, value.spec.groups);
  return store;
}

std::shared_ptr<const plan::Plan> plan_for(const plan::Graph& graph, const ops::Kernels& kernels,
                                           const std::vector<Port>& outputs, std::int64_t batch,
                                           plan::ConvolutionChoice convolutions) {
  plan::PlanOptions options{
      .kernels = kernels, .max_batch = batch, .outputs = {}, .convolutions = std::move(convolutions)};
  for (const Port& port : outputs) {
    if (port.value == plan::no_value) continue;
    options.outputs.push_back(port.value);
    // Gradients of weights are packed; they are unpacked into the caller's memory.
    if (graph.spec(port.value).storage == ops::Storage::batched) options.bound_outputs.push_back(port.value);
  }
  return plan::make_plan(graph, options);
}

std::int64_t largest_parameter_bytes(const plan::ParameterStore& store) {
  std::int64_t elements = 0;
  for (int number = 0; number < store.count(); ++number) elements = std::max(elements, store.shape(number).elements());
  return elements * static_cast<std::int64_t>(sizeof(float));
}

std::int64_t element_bytes(const ops::TensorSpec& spec) {
  return spec.element == ops::Element::u8 ? 1 : 4;
}

const Operand& at(const std::initializer_list<Operand>& operands, std::size_t index) {
  return operands.begin()[index];
}

}  // namespace

OneOp::OneOp(std::string name, const plan::Graph& graph, std::vector<Port> inputs, std::vector<Port> outputs,
             std::int64_t batch, plan::ConvolutionChoice convolutions)
    : name_(std::move(name)),
      inputs_(std::move(inputs)),
      outputs_(std::move(outputs)),
      store_(store_for(graph, ops::Kernels(kernels::table(isa())))),
      plan_(plan_for(graph, store_.kernels(), outputs_, batch, std::move(convolutions))),
      threads_(threads()),
      execution_(plan_, store_, threads_),
      parameter_staging_(largest_parameter_bytes(store_)) {
  for (int number = 0; number < store_.count(); ++number) parameter_shapes_.push_back(store_.shape(number));
  for (const Port& port : inputs_) input_staging_.push_back(make_staging(port));
  for (const Port& port : outputs_) output_staging_.push_back(make_staging(port));
}

Staging OneOp::make_staging(const Port& port) const {
  if (port.value == plan::no_value) return Staging(0);
  const ops::TensorSpec& tensor = spec(port);
  return Staging(is_batched(tensor) ? plan::tensor_bytes(tensor, plan_->options)
                                    : tensor.shape.elements() * element_bytes(tensor));
}

Shape OneOp::result_shape() const {
  for (const Port& port : outputs_)
    if (port.value != plan::no_value)
      return is_batched(spec(port)) ? spec(port).shape.with_outer(plan_->options.max_batch) : spec(port).shape;
  return {};
}

void OneOp::see_parameter_as(std::string_view name, const Shape& shape) {
  parameter_shapes_[static_cast<std::size_t>(*parameter_called(name))] = shape;
}

void OneOp::set_parameters(std::initializer_list<NamedOperand> operands) {
  for (const NamedOperand& operand : operands) check_parameter(operand);
  for (const NamedOperand& operand : operands)
    if (operand.is_given) store(*parameter_called(operand.name), operand);
}

std::optional<int> OneOp::parameter_called(std::string_view name) const {
  for (int number = 0; number < store_.count(); ++number)
    if (store_.name(number) == name) return number;
  return std::nullopt;
}

void OneOp::check_parameter(const NamedOperand& operand) const {
  const std::optional<int> number = parameter_called(operand.name);
  if (!number) return check_not_given(operand.name, operand);
  require_given(name_, operand.name, operand);
  const Shape& expected = parameter_shapes_[static_cast<std::size_t>(*number)];
  if (!(operand.shape() == expected))
    throw ShapeError(name_ + ": " + store_.name(*number) + " is " + operand.shape().to_string() + "; expected " +
                     expected.to_string());
}

void OneOp::store(int number, const Operand& operand) {
  const void* plain = operand.data;
  if (!operand.layout.is_dense()) {
    gather(operand.layout, operand.element_bytes, operand.data, parameter_staging_.data(), threads_);
    plain = parameter_staging_.data();
  }
  store_.set(number, static_cast<const float*>(plain));
}

void OneOp::check_not_given(std::string_view name, const Operand& operand) const {
  if (operand.is_given)
    throw ArgumentError(name_ + ": " + std::string(name) + " is given; expected none, as when it was prepared");
}

void OneOp::run(const std::initializer_list<Operand>& inputs, const std::initializer_list<Operand>& outputs) {
  const std::int64_t batch = check(inputs, outputs);
  for (std::size_t port = 0; port < inputs_.size(); ++port) bind_input(port, at(inputs, port));
  for (std::size_t port = 0; port < outputs_.size(); ++port) bind_output(port, at(outputs, port));
  execution_.run(batch, threads_);
  for (std::size_t port = 0; port < outputs_.size(); ++port) deliver(port, at(outputs, port));
}

std::int64_t OneOp::check(const std::initializer_list<Operand>& inputs,
                          const std::initializer_list<Operand>& outputs) const {
  const std::int64_t batch = batch_of(inputs_[0], at(inputs, 0));
  for (std::size_t port = 0; port < inputs_.size(); ++port) check_port(inputs_[port], at(inputs, port), batch);
  for (std::size_t port = 0; port < outputs_.size(); ++port) {
    const Port& output = outputs_[port];
    check_port(output, at(outputs, port), batch);
    require_nested(name_, output.name, at(outputs, port));
    for (std::size_t other = 0; other < inputs_.size(); ++other)
      require_apart(name_, output.name, at(outputs, port), inputs_[other].name, at(inputs, other));
    for (std::size_t other = 0; other < port; ++other)
      require_apart(name_, output.name, at(outputs, port), outputs_[other].name, at(outputs, other));
  }
  return batch;
}

std::int64_t OneOp::batch_of(const Port& port, const Operand& operand) const {
  require_given(name_, port.name, operand);
  const Shape& sample = spec(port).shape;
  const std::int64_t most = plan_->options.max_batch;
  if (operand.shape().rank() != sample.rank() + 1 || operand.shape()[0] > most)
    throw ShapeError(name_ + ": " + port.name + " is " + operand.shape().to_string() +
                     "; expected a batch of at most " + std::to_string(most) + " of " + sample.to_string());
  return operand.shape()[0];
}

void OneOp::check_port(const Port& port, const Operand& operand, std::int64_t batch) const {
  if (port.value == plan::no_value) return check_not_given(port.name, operand);
  if (!operand.is_given && port.is_optional) return;
  require_given(name_, port.name, operand);
  const ops::TensorSpec& tensor = spec(port);
  const Shape& sample = port.seen_as.rank() ? port.seen_as : tensor.shape;
  const Shape expected = is_batched(tensor) ? sample.with_outer(batch) : sample;
  if (!(operand.shape() == expected))
    throw ShapeError(name_ + ": " + port.name + " is " + operand.shape().to_string() + "; expected " +
                     expected.to_string());
  if (operand.element_bytes != element_bytes(tensor))
    throw ArgumentError(name_ + ": " + port.name + " has elements of " + std::to_string(operand.element_bytes) +
                        " bytes; expected " + std::to_string(element_bytes(tensor)) + " for this window");
}

void OneOp::bind_input(std::size_t port, const Operand& operand) {
  const void* data = operand.data;
  if (operand.is_given && !operand.layout.is_dense()) {
    gather(operand.layout, operand.element_bytes, operand.data, input_staging_[port].data(), threads_);
    data = input_staging_[port].data();
  }
  execution_.bind(inputs_[port].value, data);
}

void OneOp::bind_output(std::size_t port, const Operand& operand) {
  if (outputs_[port].value == plan::no_value || !is_batched(spec(outputs_[port]))) return;
  const bool in_place = !operand.is_given || operand.layout.is_dense();
  execution_.bind_output(outputs_[port].value, in_place ? operand.data : output_staging_[port].data());
}

void OneOp::deliver(std::size_t port, const Operand& operand) const {
  if (!operand.is_given) return;
  const bool is_dense = operand.layout.is_dense();
  if (!is_batched(spec(outputs_[port])))
    unpack(outputs_[port], static_cast<float*>(is_dense ? operand.data : output_staging_[port].data()));
  if (!is_dense) scatter(operand.layout, operand.element_bytes, output_staging_[port].data(), operand.data, threads_);
}

void OneOp::unpack(const Port& port, float* plain) const {
  const base::WeightsLayout layout = ops::weights_layout(spec(port), plan_->options.kernels.channel_block());
  base::unpack_weights(layout, static_cast<const float*>(execution_.data(port.value)), plain);
}

}  // namespace tilewise::eager
