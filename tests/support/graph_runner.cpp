#include "support/graph_runner.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "kernels/select.hpp"
#include "plan/passes.hpp"
#include "support/counts.hpp"
#include "support/guarded.hpp"

namespace tilewise::test {

namespace {

using base::AlignedBuffer;

template <class T>
void store(const ops::TensorSpec& spec, const ops::Kernels& kernels, const Values& values, void* memory) {
  T* to = static_cast<T*>(memory);
  if (spec.storage == ops::Storage::packed) {
    std::vector<double> plain(values);
    const auto layout = ops::weights_layout(spec, kernels.channel_block());
    std::vector<double> packed(static_cast<std::size_t>(layout.elements()));
    base::pack_weights(layout, plain.data(), packed.data());
    std::transform(packed.begin(), packed.end(), to, [](double v) { return static_cast<T>(v); });
  } else {
    std::transform(values.begin(), values.end(), to, [](double v) { return static_cast<T>(v); });
  }
}

template <class T>
Values load(const ops::TensorSpec& spec, const ops::Kernels& kernels, std::int64_t batch, const void* memory) {
  const T* from = static_cast<const T*>(memory);
  Values values(static_cast<std::size_t>(element_count(spec, batch)));
  if (spec.storage == ops::Storage::packed) {
    const auto layout = ops::weights_layout(spec, kernels.channel_block());
    std::vector<double> packed(static_cast<std::size_t>(layout.elements()));
    std::transform(from, from + packed.size(), packed.begin(), [](T v) { return static_cast<double>(v); });
    base::unpack_weights(layout, packed.data(), values.data());
  } else {
    std::transform(from, from + values.size(), values.begin(), [](T v) { return static_cast<double>(v); });
  }
  return values;
}

/// Calls f with a value of the C++ type of the tensor's elements.
template <class F>
auto with_type(const ops::TensorSpec& spec, const ops::Kernels& kernels, F f) {
  switch (spec.element) {
    case ops::Element::u8:
      return f(std::uint8_t{});
    case ops::Element::u32:
      return f(std::uint32_t{});
    case ops::Element::i32:
      return f(std::int32_t{});
    case ops::Element::scalar:
      break;
  }
  switch (kernels.scalar()) {
    case ops::Scalar::f64:
      return f(double{});
    case ops::Scalar::i64:
      return f(std::int64_t{});
    case ops::Scalar::f32:
      break;
  }
  return f(float{});
}

Values read(const ops::TensorSpec& spec, const RunSettings& settings, const void* memory) {
  return with_type(spec, settings.kernels,
                   [&](auto type) { return load<decltype(type)>(spec, settings.kernels, settings.batch, memory); });
}

std::vector<Values> read_outputs(const plan::Graph& graph, const std::vector<plan::ValueId>& outputs,
                                 const plan::Execution& execution, const RunSettings& settings) {
  std::vector<Values> results;
  for (plan::ValueId output : outputs) results.push_back(read(graph.spec(output), settings, execution.data(output)));
  return results;
}

}  // namespace

std::int64_t element_count(const ops::TensorSpec& spec, std::int64_t batch) {
  return spec.shape.elements() * (spec.storage == ops::Storage::batched ? batch : 1);
}

Values integers(const ops::TensorSpec& spec, std::int64_t batch, int limit, std::uint64_t seed) {
  const base::Random random(seed, base::Stream::test, 1);
  Values values(static_cast<std::size_t>(element_count(spec, batch)));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(random.below(static_cast<std::uint64_t>(2 * limit + 1), i)) - limit;
  return values;
}

Values reals(const ops::TensorSpec& spec, std::int64_t batch, std::uint64_t seed) {
  const base::Random random(seed, base::Stream::test, 2);
  Values values(static_cast<std::size_t>(element_count(spec, batch)));
  const auto sample = static_cast<std::size_t>(std::max<std::int64_t>(1, spec.shape.elements()));
  // An odd multiplier modulo a power of two permutes: distinct within a sample.
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t offset = random.bits(i / sample);
    values[i] = (static_cast<double>((i % sample * 2654435761u + offset) % 8192) + 0.5) / 4096 - 1;
  }
  return values;
}

std::vector<ops::Kernels> all_float_kernels() {
  std::vector<ops::Kernels> all{ops::Kernels(ops::Scalar::f64)};
  for (Isa isa : available_isas()) all.emplace_back(kernels::table(isa));
  return all;
}

std::vector<Values> run_graph(const plan::Graph& graph, const std::map<plan::ValueId, Values>& inputs,
                              const std::vector<plan::ValueId>& outputs, const RunSettings& settings) {
  plan::ParameterStore store_of_graph(settings.kernels);
  const auto plan = plan::make_plan(graph, {.kernels = settings.kernels,
                                            .max_batch = settings.batch,
                                            .outputs = outputs,
                                            .fuse = settings.fuse,
                                            .convolutions = {.algorithm = settings.algorithm}});
  for (std::size_t value = 0; value < graph.values().size(); ++value) {
    const plan::Value& described = graph.values()[value];
    if (described.role != plan::Role::parameter) continue;
    while (store_of_graph.count() <= described.parameter)
      store_of_graph.add(described.name, described.spec.shape, described.spec.groups);
    store_of_graph.set(described.parameter, inputs.at(static_cast<plan::ValueId>(value)).data());
  }
  plan::Execution execution(plan, store_of_graph, settings.threads);
  std::vector<AlignedBuffer> memory;
  for (const auto& input : inputs) {  // no structured binding: clang 14 cannot capture one
    const ops::TensorSpec& spec = graph.spec(input.first);
    if (graph.value(input.first).role == plan::Role::parameter) continue;
    memory.emplace_back(static_cast<std::size_t>(std::max<std::int64_t>(1, plan::tensor_bytes(spec, plan->options))));
    with_type(spec, settings.kernels,
              [&](auto type) { store<decltype(type)>(spec, settings.kernels, input.second, memory.back().data()); });
    execution.bind(input.first, memory.back().data());
  }
  execution.run(settings.batch, settings.threads);
  return read_outputs(graph, outputs, execution, settings);
}

namespace {

/// Inputs for one op, no_value for absent ones.
struct OpInputs {
  std::vector<plan::ValueId> ids;
  std::map<plan::ValueId, Values> values;

  OpInputs(plan::Graph& graph, const std::vector<ops::TensorSpec>& specs, const std::vector<Values>& inputs) {
    for (std::size_t input = 0; input < specs.size(); ++input) {
      ids.push_back(ops::is_absent(specs[input]) ? plan::no_value : graph.add_input("input", specs[input]));
      if (ids.back() != plan::no_value) values[ids.back()] = inputs[input];
    }
  }
};

}  // namespace

std::vector<Values> run_op(std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& specs,
                           const std::vector<Values>& inputs, const RunSettings& settings) {
  plan::Graph graph;
  const OpInputs given(graph, specs, inputs);
  const std::vector<plan::ValueId> outputs = graph.emit(op, given.ids);
  plan::PlanOptions options{.kernels = settings.kernels, .max_batch = settings.batch, .outputs = outputs};
  if (!op->is_view()) options.bound_outputs = outputs;  // a view's is its input's memory
  plan::ParameterStore no_parameters(settings.kernels);
  plan::Execution execution(plan::make_plan(graph, options), no_parameters, settings.threads);

  // One end or the other, so that a shape that is tried on several ISAs and numbers of threads meets both.
  static std::uint64_t calls = 0;
  const Guard guard = ++calls % 2 == 0 ? Guard::after : Guard::before;
  std::vector<std::unique_ptr<GuardedBytes>> memory;
  const auto allocate = [&](const ops::TensorSpec& spec) {
    memory.push_back(
        std::make_unique<GuardedBytes>(static_cast<std::size_t>(plan::tensor_bytes(spec, options)), guard));
    return memory.back()->data();
  };
  const std::vector<int> updated = op->updated_inputs(specs.size());
  std::map<int, const std::byte*> changed;
  for (std::size_t input = 0; input < specs.size(); ++input) {
    if (given.ids[input] == plan::no_value) continue;
    std::byte* data = allocate(specs[input]);
    with_type(specs[input], settings.kernels,
              [&](auto type) { store<decltype(type)>(specs[input], settings.kernels, inputs[input], data); });
    if (std::count(updated.begin(), updated.end(), static_cast<int>(input)))
      changed[static_cast<int>(input)] = data;
    else
      memory.back()->make_read_only();
    execution.bind(given.ids[input], data);
  }
  for (plan::ValueId output : options.bound_outputs) {
    const auto bytes = static_cast<std::size_t>(plan::tensor_bytes(graph.spec(output), options));
    std::byte* data = allocate(graph.spec(output));
    std::fill_n(data, bytes, std::byte{0xFF});  // NaN, of floats and doubles
    execution.bind_output(output, data);
  }
  execution.run(settings.batch, settings.threads);
  count_cases("4 guard pages, ops", std::string(op->kind()) + "/" + std::string(settings.kernels.isa()), 1);
  std::vector<Values> results = read_outputs(graph, outputs, execution, settings);
  for (int input : updated)
    results.push_back(read(specs[static_cast<std::size_t>(input)], settings, changed.at(input)));
  return results;
}

double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

namespace {

/// One op, and its backward operations for the gradient `probe` of its first output.
struct OpGradients {
  plan::Graph graph;
  OpInputs given;
  std::vector<plan::ValueId> outputs;
  plan::ValueId probe;
  std::vector<plan::ValueId> gradients;  ///< of the inputs in `checked`

  OpGradients(const std::shared_ptr<const ops::Op>& op, const std::vector<ops::TensorSpec>& specs,
              const std::vector<Values>& inputs, const std::vector<std::size_t>& checked)
      : given(graph, specs, inputs), outputs(graph.emit(op, given.ids)) {
    probe = graph.add_input("probe", graph.spec(outputs[0]));
    std::vector<bool> wanted(specs.size(), false);
    for (std::size_t input : checked) wanted[input] = true;
    std::vector<plan::ValueId> output_gradients(outputs.size(), plan::no_value);
    output_gradients[0] = probe;
    const auto all = op->backward(graph, {given.ids, outputs, output_gradients, wanted});
    for (std::size_t input : checked) gradients.push_back(all[input]);
  }
};

}  // namespace

std::vector<Values> op_gradients(const std::shared_ptr<const ops::Op>& op, const std::vector<ops::TensorSpec>& specs,
                                 const std::vector<Values>& inputs, const Values& probe,
                                 const std::vector<std::size_t>& checked, const RunSettings& settings) {
  OpGradients made(op, specs, inputs, checked);
  made.given.values[made.probe] = probe;
  return run_graph(made.graph, made.given.values, made.gradients, settings);
}

double gradient_error(std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& specs,
                      const std::vector<Values>& inputs, const std::vector<std::size_t>& checked, std::int64_t batch,
                      std::uint64_t seed) {
  count_cases("5 gradients in float64, ops", std::string(op->kind()), 1);
  const RunSettings settings{ops::Kernels(ops::Scalar::f64), batch};
  OpGradients made(op, specs, inputs, checked);
  std::map<plan::ValueId, Values>& values = made.given.values;
  values[made.probe] = reals(made.graph.spec(made.probe), batch, seed + 99);
  const std::vector<Values> gradients = run_graph(made.graph, values, made.gradients, settings);

  double worst = 0;
  constexpr double step = 1e-5;
  for (std::size_t number = 0; number < checked.size(); ++number) {
    const Values& analytic = gradients[number];
    for (std::size_t element = 0; element < analytic.size(); element += 1 + analytic.size() / 40) {
      const auto value_at = [&](double moved) {
        std::map<plan::ValueId, Values> shifted = values;
        shifted[made.given.ids[checked[number]]][element] += moved;
        const Values output = run_graph(made.graph, shifted, {made.outputs[0]}, settings)[0];
        // A loss is differentiated as the mean of the batch.
        return op->is_loss() ? dot(output, Values(output.size(), 1.0 / static_cast<double>(batch)))
                             : dot(output, values[made.probe]);
      };
      const double numeric = (value_at(step) - value_at(-step)) / (2 * step);
      worst = std::max(worst, std::abs(numeric - analytic[element]) / std::max(1.0, std::abs(analytic[element])));
    }
  }
  return worst;
}

}  // namespace tilewise::test
