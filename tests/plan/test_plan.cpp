#include <algorithm>
#include <cmath>
#include <optional>

#include "kernels/select.hpp"
#include "ops/classification.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/dense.hpp"
#include "ops/elementwise.hpp"
#include "ops/optimizer.hpp"
#include "ops/pool2d.hpp"
#include "plan/parallel.hpp"
#include "plan/plan.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "support/settings.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;
using plan::ValueId;

namespace {

/// A graph under construction and the values of its inputs and parameters.
struct Net {
  plan::Graph graph;
  std::map<ValueId, Values> inputs;
  std::vector<ValueId> parameters;
  ValueId x, labels, loss = plan::no_value;
  std::int64_t batch;

  Net(const Shape& sample, std::int64_t batch, int classes) : batch(batch) {
    x = graph.add_input("x", {sample});
    labels = graph.add_input("labels", {{}, Storage::batched, ops::Element::i32});
    inputs[x] = reals({sample}, batch, 11);
    for (std::int64_t i = 0; i < batch; ++i) inputs[labels].push_back(static_cast<double>(i * 7 % classes));
  }

  ValueId parameter(const Shape& shape) {
    const int number = static_cast<int>(parameters.size());
    parameters.push_back(graph.add_parameter("parameter " + std::to_string(number), shape, number));
    Values values = reals({shape, Storage::packed}, 1, static_cast<std::uint64_t>(number) + 21);
    for (double& value : values) value *= 0.4;
    inputs[parameters.back()] = values;
    return parameters.back();
  }
  template <class Op, class... Args>
  ValueId emit(const std::vector<ValueId>& from, Args&&... args) {
    return graph.emit(std::make_shared<Op>(std::forward<Args>(args)...), from)[0];
  }
  ValueId conv(ValueId from, std::int64_t in, std::int64_t out) {
    return emit<ops::Conv2D>({from, parameter({3, 3, in, out}), parameter({out})},
                             ops::Conv2DAttributes{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}});
  }
  ValueId head(ValueId from, std::int64_t elements, std::int64_t classes) {
    const ValueId flat = emit<ops::Reshape>({from}, Shape{elements});
    const ValueId logits = emit<ops::Dense>({flat, parameter({elements, classes}), parameter({classes})});
    const ValueId probabilities = emit<ops::Softmax>({logits});
    return emit<ops::CrossEntropy>({probabilities, labels});
  }
};

/// conv, then a residual block: y = relu(conv(relu(conv(x))) + x); the tensor x is used twice.
Net residual_net(std::int64_t batch) {
  Net net({6, 5, 2}, batch, 3);
  const ValueId x = net.emit<ops::Relu>({net.conv(net.x, 2, 4)});
  const ValueId inner = net.emit<ops::Relu>({net.conv(x, 4, 4)});
  const ValueId sum = net.emit<ops::Relu>({net.emit<ops::Add>({net.conv(inner, 4, 4), x})});
  net.loss = net.head(sum, 6 * 5 * 4, 3);
  return net;
}

/// The notebook's network, small.
Net pooled_net(std::int64_t batch) {
  Net net({9, 8, 2}, batch, 5);
  const ops::Window2D pool{{2, 2}, {2, 2}};
  const ValueId first = net.emit<ops::MaxPool2D>({net.emit<ops::Relu>({net.conv(net.x, 2, 5)})}, pool);
  const ValueId second = net.emit<ops::MaxPool2D>({net.emit<ops::Relu>({net.conv(first, 5, 33)})}, pool);
  net.loss = net.head(second, 2 * 2 * 33, 5);
  return net;
}

/// Loss and the gradients of all parameters.
std::vector<Values> loss_and_gradients(Net net, const RunSettings& settings) {
  std::vector<ValueId> outputs{net.loss};
  for (ValueId gradient : plan::differentiate(net.graph, net.loss, net.parameters)) outputs.push_back(gradient);
  return run_graph(net.graph, net.inputs, outputs, settings);
}

double mean(const Values& values) {
  return dot(values, Values(values.size(), 1.0 / static_cast<double>(values.size())));
}

double largest_difference(const std::vector<Values>& a, const std::vector<Values>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < a[i].size(); ++k) worst = std::max(worst, std::abs(a[i][k] - b[i][k]));
  return worst;
}

/// Trains all parameters by gradient descent; returns the input of its rates.
ValueId add_update(Net& net) {
  std::vector<ValueId> update{net.graph.add_input("rates", {{2}, Storage::plain})};
  const std::vector<ValueId> gradients = plan::differentiate(net.graph, net.loss, net.parameters);
  for (std::size_t i = 0; i < gradients.size(); ++i) update.insert(update.end(), {net.parameters[i], gradients[i]});
  net.graph.emit(std::make_shared<ops::SgdUpdate>(), update);
  return update[0];
}

const plan::PlannedStep* find_step(const plan::Plan& plan, std::string_view kind) {
  for (const plan::PlannedStep& step : plan.steps)
    if (step.node.op->kind() == kind) return &step;
  return nullptr;
}

int count_steps(const plan::Plan& plan, std::string_view kind) {
  return static_cast<int>(std::count_if(plan.steps.begin(), plan.steps.end(),
                                        [&](const auto& step) { return step.node.op->kind() == kind; }));
}

}  // namespace

TEST_CASE("gradients of whole graphs, a residual block among them, are derivatives, fused or not", "[plan]") {
  for (const Net& net : {residual_net(3), pooled_net(3)})
    for (bool fuse : {false, true}) {
      const RunSettings settings{ops::Kernels(ops::Scalar::f64), net.batch, 1, fuse};
      const std::vector<Values> analytic = loss_and_gradients(net, settings);
      double worst = 0;
      for (std::size_t parameter = 0; parameter < net.parameters.size(); ++parameter)
        for (std::size_t element = 0; element < analytic[parameter + 1].size();
             element += 1 + analytic[parameter + 1].size() / 12) {
          const auto loss_at = [&](double moved) {
            Net shifted = net;
            shifted.inputs[net.parameters[parameter]][element] += moved;
            return mean(run_graph(shifted.graph, shifted.inputs, {net.loss}, settings)[0]);
          };
          const double numeric = (loss_at(1e-6) - loss_at(-1e-6)) / 2e-6;
          worst =
              std::max(worst, std::abs(numeric - analytic[parameter + 1][element]) / std::max(1.0, std::abs(numeric)));
        }
      CHECK(worst < 1e-6);
    }
}

TEST_CASE("fused and unfused plans agree, on every ISA", "[plan]") {
  for (const Net& net : {residual_net(5), pooled_net(5)})
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("isa " << kernels.isa());
      CHECK(largest_difference(loss_and_gradients(net, {kernels, 5, 1, true}),
                               loss_and_gradients(net, {kernels, 5, 1, false})) < 1e-5);
    }
}

TEST_CASE("any number of threads gives the same bits, on either back end", "[plan]") {
  for (const Net& net : {residual_net(13), pooled_net(13)})
    for (const ops::Kernels& kernels : all_float_kernels())
      for (plan::Backend backend : {plan::Backend::tbb, plan::Backend::threads}) {
        std::optional<StandardThreads> own;
        if (backend == plan::Backend::threads) own.emplace();
        const std::vector<Values> expected = loss_and_gradients(net, {kernels, 13, 1});
        for (int threads : {2, 3, 4, 7, 16}) {
          INFO("isa " << kernels.isa() << ", threads " << threads);
          CHECK(loss_and_gradients(net, {kernels, 13, threads}) == expected);
        }
      }
}

TEST_CASE("the plan fuses convolution, bias, ReLU, max-pool and its index, and softmax with its loss", "[plan]") {
  Net net = pooled_net(4);
  const std::vector<ValueId> gradients = plan::differentiate(net.graph, net.loss, net.parameters);
  std::vector<ValueId> outputs = gradients;
  outputs.push_back(net.loss);
  const ops::Kernels kernels(ops::Scalar::f32);
  const auto fused = plan::make_plan(net.graph, {kernels, 4, outputs});
  CHECK(count_steps(*fused, "conv2d") == 2);
  for (std::string_view gone : {"relu", "relu_backward", "max_pool2d", "softmax", "cross_entropy", "softmax_backward",
                                "cross_entropy_backward"})
    CHECK(count_steps(*fused, gone) == 0);
  CHECK(find_step(*fused, "conv2d")->node.outputs.size() == 2);
  CHECK(count_steps(*fused, "softmax_cross_entropy_backward") == 1);
  CHECK(count_steps(*fused, "pooled_conv2d_backward") == 1);  // of the first convolution
  CHECK(count_steps(*fused, "max_pool2d_backward") == 1);
  const auto plain = plan::make_plan(net.graph, {kernels, 4, outputs, false});
  CHECK(count_steps(*plain, "relu_backward") == 2);
  CHECK(fused->arena_bytes < plain->arena_bytes);
  CHECK(fused->dump().find("conv2d+relu+max_pool2d") != std::string::npos);
}

TEST_CASE("what is read elsewhere is not fused away", "[plan]") {
  Net net({4, 4, 1}, 2, 2);
  const ValueId sum = net.conv(net.x, 1, 3), rectified = net.emit<ops::Relu>({sum});
  const ValueId pooled = net.emit<ops::MaxPool2D>({rectified}, ops::Window2D{{2, 2}, {2, 2}});
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto kept = run_graph(net.graph, net.inputs, {sum, rectified, pooled}, {kernels, 2});
    const auto fused = run_graph(net.graph, net.inputs, {pooled}, {kernels, 2});
    CHECK(kept[2] == fused[0]);
    for (std::size_t i = 0; i < kept[0].size(); ++i) REQUIRE(kept[1][i] == std::max(kept[0][i], 0.0));
  }
}

TEST_CASE("a max-pool does not fuse where a kernel without pools is faster, and changes no bit there", "[plan]") {
  for (const std::int64_t groups : {1, 8}) {
    Net net({6, 6, 16}, 4, 2);
    const std::int64_t out = groups == 1 ? 4 : 16;  // few output channels, or small groups
    const ValueId kernel = net.graph.add_parameter("kernel", {3, 3, 16 / groups, out}, 0, groups);
    net.inputs[kernel] = reals({{3, 3, 16 / groups, out}, Storage::packed}, 1, 5);
    const ValueId sum = net.emit<ops::Conv2D>({net.x, kernel, plan::no_value},
                                              ops::Conv2DAttributes{.window = {{3, 3}}, .groups = groups});
    const ValueId pooled = net.emit<ops::MaxPool2D>({net.emit<ops::Relu>({sum})}, ops::Window2D{{2, 2}, {2, 2}});
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("groups " << groups << ", isa " << kernels.isa());
      const auto plan = plan::make_plan(net.graph, {kernels, 4, {pooled}});
      CHECK(count_steps(*plan, "max_pool2d") == 1);
      CHECK(count_steps(*plan, "relu") == 0);
      CHECK(run_graph(net.graph, net.inputs, {pooled}, {kernels, 4, 1, true}) ==
            run_graph(net.graph, net.inputs, {pooled}, {kernels, 4, 1, false}));
    }
  }
}

TEST_CASE("a gradient between ReLU and max-pool is the same whether the plan fuses or not", "[plan]") {
  Net net({6, 6, 2}, 4, 3);
  const ValueId rectified = net.emit<ops::Relu>({net.conv(net.x, 2, 5)});
  net.loss = net.head(net.emit<ops::MaxPool2D>({rectified}, ops::Window2D{{2, 2}, {2, 2}}), 3 * 3 * 5, 3);
  const std::vector<ValueId> gradient = plan::differentiate(net.graph, net.loss, {rectified});
  for (const ops::Kernels& kernels : all_float_kernels()) {
    INFO("isa " << kernels.isa());
    const auto fused = run_graph(net.graph, net.inputs, gradient, {kernels, 4, 1, true});
    CHECK(largest_difference(fused, run_graph(net.graph, net.inputs, gradient, {kernels, 4, 1, false})) < 1e-6);
  }
}

TEST_CASE("a pooled convolution of one channel goes by F(2x2, 3x3) unless told otherwise", "[plan]") {
  Net net({6, 6, 1}, 4, 3);
  const ValueId pooled = net.emit<ops::MaxPool2D>({net.conv(net.x, 1, 5)}, ops::Window2D{{2, 2}, {2, 2}});
  for (const ops::Kernels& kernels : all_float_kernels()) {
    INFO("isa " << kernels.isa());
    const auto algorithm = [&](const plan::ConvolutionChoice& choice) {
      const plan::PlanOptions options{.kernels = kernels, .max_batch = 4, .outputs = {pooled}, .convolutions = choice};
      return find_step(*plan::make_plan(net.graph, options), "conv2d")->step.algorithm;
    };
    const std::string direct = "direct 3x3 pooled",
                      chosen = ops::has_any_transform(kernels) ? "F(2x2, 3x3) pooled" : direct;
    CHECK(algorithm({Arithmetic::strict}) == direct);
    CHECK(algorithm({Arithmetic::standard}) == chosen);
    CHECK(algorithm({Arithmetic::fast}) == chosen);
    CHECK(algorithm({Arithmetic::standard, "direct"}) == direct);
  }
}

TEST_CASE("the gradient of a pooled convolution's image keeps its two backward ops apart", "[plan]") {
  Net net({6, 6, 2}, 4, 3);
  const ValueId image = net.emit<ops::Relu>({net.x});
  const ValueId pooled = net.emit<ops::MaxPool2D>({net.conv(image, 2, 5)}, ops::Window2D{{2, 2}, {2, 2}});
  net.loss = net.head(pooled, 3 * 3 * 5, 3);
  std::vector<ValueId> wanted = net.parameters;
  wanted.push_back(image);
  const std::vector<ValueId> gradients = plan::differentiate(net.graph, net.loss, wanted);
  const auto plan = plan::make_plan(net.graph, {ops::Kernels(ops::Scalar::f32), 4, gradients});
  CHECK(count_steps(*plan, "max_pool2d_backward") == 1);
  CHECK(count_steps(*plan, "conv2d_backward") == 1);
}

TEST_CASE("a kernel that is computed is transposed after it, and not kept", "[plan]") {
  Net net({3, 3, 4}, 2, 3);
  const ValueId kernel = net.emit<ops::Add>({net.parameter({3, 3, 4, 3}), net.parameter({3, 3, 4, 3})});
  const ValueId hidden =
      net.emit<ops::Conv2D>({net.x, kernel, plan::no_value}, ops::Conv2DAttributes{{{3, 3}, {1, 1}, {1, 1}, {}}});
  const ValueId logits = net.emit<ops::Reshape>({hidden}, Shape{3});
  net.loss = net.emit<ops::SoftmaxCrossEntropy>({logits, net.labels});
  const std::vector<ValueId> gradient = plan::differentiate(net.graph, net.loss, {net.x});
  const auto expected = run_graph(net.graph, net.inputs, gradient, {ops::Kernels(ops::Scalar::f64), 2});
  for (const ops::Kernels& kernels : all_float_kernels())
    CHECK(largest_difference(run_graph(net.graph, net.inputs, gradient, {kernels, 2}), expected) < 1e-6);
}

namespace {

/// Doubles each element, by way of a workspace of the step and the scratch of each lane. Each phase is given only the
/// tensors that it is said to touch, or does nothing.
class DoubleByWorkspace final : public ops::Op {
 public:
  std::string_view kind() const noexcept override { return "double_by_workspace"; }
  std::vector<TensorSpec> infer(const std::vector<TensorSpec>& inputs) const override { return {inputs[0]}; }
  ops::Step lower(const ops::LowerRequest& request) const override {
    const std::int64_t elements = request.inputs[0].shape.elements();
    ops::Phase copy{"copy", elements, false, 0, [elements](ops::Tensors tensors, const ops::Work& work) {
                      if (tensors[1]) return;
                      for (std::int64_t i = 0; i < work.batch; ++i)
                        for (std::int64_t k = work.item_begin; k < work.item_end; ++k)
                          ops::tensor<double>(tensors, 2)[i * elements + k] =
                              ops::tensor<const double>(tensors, 0)[i * elements + k];
                    }};
    ops::Phase add{"add", 1, true, elements * 8, [elements](ops::Tensors tensors, const ops::Work& work) {
                     auto* scratch = reinterpret_cast<double*>(work.scratch);
                     if (tensors[0]) return;
                     for (std::int64_t i = work.image_begin; i < work.image_end; ++i) {
                       const double* from = ops::tensor<const double>(tensors, 2) + i * elements;
                       for (std::int64_t k = 0; k < elements; ++k) scratch[k] = from[k];
                       for (std::int64_t k = 0; k < elements; ++k)
                         ops::tensor<double>(tensors, 1)[i * elements + k] = from[k] + scratch[k];
                     }
                   }};
    return {"", {copy, add}, {request.batch * elements * 8}, {{0, 0}, {1, 1}}};
  }
};

}  // namespace

TEST_CASE("a step has its workspace and each lane its scratch", "[plan]") {
  const TensorSpec spec{{33}};
  const Values x = integers(spec, 19, 9, 1);
  Values expected = x;
  for (double& value : expected) value *= 2;
  for (plan::Backend backend : {plan::Backend::tbb, plan::Backend::threads}) {
    std::optional<StandardThreads> own;
    if (backend == plan::Backend::threads) own.emplace();
    for (int threads : {1, 2, 3, 7})
      CHECK(run_op(std::make_shared<DoubleByWorkspace>(), {spec}, {x},
                   {ops::Kernels(ops::Scalar::f64), 19, threads})[0] == expected);
  }
}

TEST_CASE("a tensor's memory is another's while no phase touches it", "[plan]") {
  plan::Graph graph;
  const ValueId x = graph.emit(std::make_shared<ops::Relu>(), {graph.add_input("x", {{8}})})[0];
  const ValueId y = graph.emit(std::make_shared<DoubleByWorkspace>(), {x})[0];
  const auto plan = plan::make_plan(graph, {ops::Kernels(ops::Scalar::f64), 4, {y}});
  CHECK(plan->arena_bytes == 2 * 4 * 8 * 8);  // x or y, and the workspace
}

TEST_CASE("a batch whose memory does not fit is refused before anything is made of it", "[plan]") {
  const Net net = pooled_net(2);
  CHECK_THROWS_AS(plan::make_plan(net.graph, {ops::Kernels(ops::Scalar::f32), INT64_MAX, {net.loss}}), ShapeError);
}

TEST_CASE("buffers that live at the same time do not overlap, and inference needs less than training", "[plan]") {
  for (Net net : {residual_net(7), pooled_net(7)}) {
    const ops::Kernels kernels(ops::Scalar::f32);
    const auto inference = plan::make_plan(net.graph, {kernels, 7, {net.loss}});
    std::vector<ValueId> outputs = plan::differentiate(net.graph, net.loss, net.parameters);
    const auto training = plan::make_plan(net.graph, {kernels, 7, outputs});
    CHECK(inference->arena_bytes < training->arena_bytes);
    CHECK(inference->derived_bytes == 0);
    for (const auto& plan : {inference, training})
      for (const plan::Buffer& a : plan->buffers)
        for (const plan::Buffer& b : plan->buffers) {
          if (&a == &b || a.kind != plan::Buffer::Kind::step || b.kind != a.kind) continue;
          const bool together = a.first_segment <= b.last_segment && b.first_segment <= a.last_segment;
          const bool apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
          REQUIRE((!together || apart));
          REQUIRE(a.offset % 64 == 0);
          REQUIRE(a.offset + a.bytes <= plan->arena_bytes);
        }
  }
}

TEST_CASE("slices of weights are derived where the weights stay, not where a step changes them", "[plan]") {
  for (const ops::Kernels& kernels : all_float_kernels()) {
    if (!ops::has_any_transform(kernels)) continue;
    INFO("isa " << kernels.isa());
    Net net = pooled_net(8);
    const auto make_plan = [&] {
      return plan::make_plan(net.graph, {.kernels = kernels,
                                         .max_batch = 8,
                                         .outputs = {net.loss},
                                         .convolutions = {Arithmetic::standard, "winograd7"}});
    };
    const auto inference = make_plan();
    CHECK(count_steps(*inference, "weight_slices") == count_steps(*inference, "conv2d"));
    add_update(net);
    const auto training = make_plan();
    CHECK(count_steps(*training, "weight_slices") == 0);
    for (const auto& plan : {inference, training}) CHECK(find_step(*plan, "conv2d")->step.algorithm == "winograd7");
  }
}

TEST_CASE("a steady step allocates nothing, and derived weights follow the parameters", "[plan]") {
  Net net = pooled_net(8);
  const ValueId rates_input = add_update(net);
  const ops::Kernels kernels(kernels::table(kernels::best_isa()));
  plan::ParameterStore store(kernels);
  for (ValueId parameter : net.parameters)
    store.set(store.add("p", net.graph.spec(parameter).shape), net.inputs[parameter].data());
  plan::Execution execution(plan::make_plan(net.graph, {kernels, 8, {net.loss}}), store, 2);
  std::vector<float> x(net.inputs[net.x].begin(), net.inputs[net.x].end());
  std::vector<std::int32_t> labels(net.inputs[net.labels].begin(), net.inputs[net.labels].end());
  const float rates[] = {0.05f, 0};
  execution.bind(net.x, x.data());
  execution.bind(net.labels, labels.data());
  execution.bind(rates_input, rates);
  const auto loss = [&] {
    const float* losses = static_cast<const float*>(execution.data(net.loss));
    double sum = 0;
    for (int i = 0; i < 8; ++i) sum += static_cast<double>(losses[i]);
    return sum;
  };
  execution.run(8, 2);
  const double first = loss();
  for (int step = 0; step < 3; ++step) execution.run(8, 2);
  Allocations::reset();
  const std::int64_t before = base::AlignedBuffer::allocations();
  for (int step = 0; step < 60; ++step) execution.run(8, 1);
  CHECK(Allocations::count() == 0);
  CHECK(base::AlignedBuffer::allocations() == before);
  CHECK(loss() < 0.5 * first);
}

TEST_CASE("differentiating what is not a loss, or with respect to what it does not depend on, is refused", "[plan]") {
  Net net = residual_net(2);
  CHECK_THROWS_AS(plan::differentiate(net.graph, net.x + 0, {net.parameters[0]}), ArgumentError);
  Net other = residual_net(2);
  const ValueId lonely = other.parameter({3});
  CHECK_THROWS_AS(plan::differentiate(other.graph, other.loss, {lonely}), ArgumentError);
}
