#include "op_run.hpp"

#include <stdexcept>

#include "base/random.hpp"
#include "plan/passes.hpp"
#include "random_values.hpp"

namespace tilewise::bench {

namespace {

/// Floats, or the positions of maxima in windows of 2x2.
void fill_input(base::AlignedBuffer& memory, ops::Element element, std::uint64_t index) {
  if (element == ops::Element::scalar) {
    fill_randomly(memory.as<float>(), static_cast<std::int64_t>(memory.bytes() / sizeof(float)), index);
    return;
  }
  if (element != ops::Element::u8) throw std::invalid_argument("an input of integers that are no index of a max-pool");
  const base::Random random(1, base::Stream::test, index);
  for (std::size_t i = 0; i < memory.bytes(); ++i)
    memory.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(4 * random.uniform(i));
}

template <class T>
std::vector<float> as_floats(const void* data, std::int64_t count) {
  const T* const begin = static_cast<const T*>(data);
  return {begin, begin + count};
}

}  // namespace

const char* pass_name(Pass pass) {
  switch (pass) {
    case Pass::backward_data:
      return "backward_data";
    case Pass::backward_weights:
      return "backward_weights";
    case Pass::backward:
      return "backward";
    case Pass::forward:
      break;
  }
  return "forward";
}

plan::ValueId PassGraph::parameter(const std::string& name, const Shape& shape, std::int64_t groups) {
  return graph_.add_parameter(name, shape, parameters_.add(name, shape, groups), groups);
}

std::vector<plan::ValueId> PassGraph::emit(std::shared_ptr<const ops::Op> op,
                                           const std::vector<plan::ValueId>& inputs) {
  return graph_.emit(std::move(op), inputs);
}

std::vector<plan::ValueId> PassGraph::emit_pass(Pass pass, const std::shared_ptr<const ops::Op>& op,
                                                const std::vector<plan::ValueId>& inputs, plan::ValueId out_gradient) {
  const std::vector<plan::ValueId> outputs = graph_.emit(op, inputs);
  if (pass == Pass::forward) return outputs;
  if (out_gradient == plan::no_value) out_gradient = input("out_gradient", graph_.spec(outputs[0]));
  std::vector<bool> wanted(inputs.size(), pass != Pass::backward_data);
  wanted[0] = pass != Pass::backward_weights;
  const std::vector<plan::ValueId> gradients = op->backward(graph_, {inputs, outputs, {out_gradient}, wanted});
  std::vector<plan::ValueId> asked_for;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (wanted[i] && gradients[i] != plan::no_value) asked_for.push_back(gradients[i]);
  return asked_for;
}

OpRun::OpRun(const ops::Kernels& kernels, const Emit& emit, std::int64_t batch, int threads,
             const std::string& algorithm)
    : parameters_(kernels), batch_(batch), threads_(threads) {
  PassGraph graph(parameters_);
  const std::vector<plan::ValueId> outputs = emit(graph);
  values_ = graph.graph().values();
  plan::ConvolutionChoice choice;
  if (algorithm == "standard")
    choice.arithmetic = Arithmetic::standard;
  else
    choice.algorithm = algorithm;
  const auto plan = plan::make_plan(
      graph.graph(), {.kernels = kernels, .max_batch = batch_, .outputs = outputs, .convolutions = choice});
  execution_ = std::make_unique<plan::Execution>(plan, parameters_, threads_);
  fill(graph.graph());
  run();
}

void OpRun::fill(const plan::Graph& graph) {
  const plan::Plan& plan = execution_->plan();
  memory_.resize(values_.size());
  for (std::size_t value = 0; value < values_.size(); ++value) {
    const plan::Value& given = values_[value];
    if (given.role == plan::Role::parameter)
      parameters_.set(given.parameter, random_values(given.spec.shape.elements(), value).data());
    // What no step reads, as a pooled map that only gives a pass its shape, has no buffer.
    if (given.role != plan::Role::input || plan.buffer_of_value[value] < 0) continue;
    memory_[value] = base::AlignedBuffer(
        static_cast<std::size_t>(plan::tensor_bytes(graph.spec(static_cast<plan::ValueId>(value)), plan.options)));
    fill_input(memory_[value], given.spec.element, value);
    execution_->bind(static_cast<plan::ValueId>(value), memory_[value].data());
  }
}

std::string OpRun::algorithms() const {
  const plan::Plan& plan = execution_->plan();
  std::string names;
  std::vector<bool> seen(plan.steps.size(), false);
  for (const plan::Segment& segment : plan.segments)
    for (const plan::Segment::Entry& entry : segment.phases) {
      const auto step = static_cast<std::size_t>(entry.step);
      if (segment.derived || seen[step]) continue;
      seen[step] = true;
      const std::string& algorithm = plan.steps[step].step.algorithm;
      names += (names.empty() || algorithm.empty() ? "" : ", ") + algorithm;
    }
  return names;
}

std::vector<float> OpRun::given(const std::string& name) const {
  for (std::size_t value = 0; value < values_.size(); ++value) {
    const plan::Value& given = values_[value];
    if (given.name != name || given.role == plan::Role::intermediate) continue;
    if (given.role == plan::Role::parameter) {
      std::vector<float> plain(static_cast<std::size_t>(given.spec.shape.elements()));
      parameters_.get(given.parameter, plain.data());
      return plain;
    }
    const std::int64_t count = given.spec.shape.elements() * batch_;
    return given.spec.element == ops::Element::u8 ? as_floats<std::uint8_t>(memory_[value].data(), count)
                                                  : as_floats<float>(memory_[value].data(), count);
  }
  throw std::invalid_argument("a pass that is given no " + name);
}

std::vector<float> OpRun::result(std::size_t number) const {
  const plan::Plan& plan = execution_->plan();
  const plan::ValueId value = plan.options.outputs[number];
  const ops::TensorSpec& spec = plan.specs[static_cast<std::size_t>(value)];
  if (spec.storage != ops::Storage::packed)
    return as_floats<float>(execution_->data(value), spec.shape.elements() * batch_);
  std::vector<float> plain(static_cast<std::size_t>(spec.shape.elements()));
  base::unpack_weights(ops::weights_layout(spec, plan.options.kernels.channel_block()),
                       static_cast<const float*>(execution_->data(value)), plain.data());
  return plain;
}

}  // namespace tilewise::bench
