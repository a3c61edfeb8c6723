#include <cmath>

#include "nn/functional.hpp"
#include "nn/network.hpp"
#include "nn/networks.hpp"
#include "plan/execution.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

constexpr std::int64_t batch = 4;
constexpr int classes = 3;

/// A network in float64, with data of its own.
class DoubleNetwork {
 public:
  DoubleNetwork(nn::Topology topology, const Shape& shape, bool fuse)
      : network_(std::move(topology), shape), store_(ops::Kernels(ops::Scalar::f64)), fuse_(fuse) {
    network_.allocate(store_);
    network_.initialize(store_, 3);
    // Biases away from zero, so that their gradients and the ReLUs are seen at work.
    for (int parameter = 0; parameter < store_.count(); ++parameter)
      if (store_.shape(parameter).rank() == 1) {
        std::vector<double> bias = values(parameter);
        for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.05 * (static_cast<double>(i % 5) - 1.7);
        store_.set(parameter, bias.data());
      }
    const base::Random random(11, base::Stream::test, 0);
    samples_.resize(static_cast<std::size_t>(batch * shape.elements()));
    for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i] = 2 * double{random.uniform(i)} - 1;
    for (std::int32_t i = 0; i < batch; ++i) labels_.push_back((2 * i + 1) % classes);
  }

  int parameters() const { return static_cast<int>(network_.parameters().size()); }
  const std::string& name(int parameter) const { return store_.name(parameter); }
  bool is_trained(int parameter) const { return network_.parameters()[static_cast<std::size_t>(parameter)].is_trained; }

  std::vector<double> values(int parameter) const {
    std::vector<double> values(static_cast<std::size_t>(store_.shape(parameter).elements()));
    store_.get(parameter, values.data());
    return values;
  }
  void set(int parameter, const std::vector<double>& values) { store_.set(parameter, values.data()); }

  /// At inference, or, where that is another function, in a training step at rate 0.
  double mean_loss() {
    if (evaluation_) return run(*evaluation_, *evaluation_graph_);
    if (differs_in_training()) {
      const nn::TrainingGraph graph = nn::training_graph(network_, {.optimizer = SGD{}}, store_);
      evaluation_graph_ = graph;
      evaluation_ = execution(graph);
      bind_step(*evaluation_, graph, no_rates_);
    } else {
      evaluation_graph_ = nn::evaluation_graph(network_, SparseCategoricalCrossentropy{}, {});
      evaluation_ = execution(*evaluation_graph_);
    }
    return mean_loss();
  }

  /// One step of SGD with rate 1 leaves parameter - gradient.
  std::vector<std::vector<double>> gradients() {
    const nn::TrainingGraph graph = nn::training_graph(network_, {.optimizer = SGD{.learning_rate = 1}}, store_);
    std::vector<std::vector<double>> before, gradients;
    for (int parameter = 0; parameter < parameters(); ++parameter) before.push_back(values(parameter));
    const auto training = execution(graph);
    bind_step(*training, graph, whole_rates_);
    run(*training, graph);
    for (int parameter = 0; parameter < parameters(); ++parameter) {
      const auto number = static_cast<std::size_t>(parameter);
      gradients.push_back(values(parameter));
      for (std::size_t i = 0; i < before[number].size(); ++i)
        gradients.back()[i] = before[number][i] - gradients.back()[i];
      set(parameter, before[number]);
    }
    return gradients;
  }

 private:
  bool differs_in_training() const {
    return network_.emit_for_training(0).graph.values().size() != network_.graph().values().size();
  }

  void bind_step(plan::Execution& execution, const nn::TrainingGraph& graph, const double* rates) const {
    execution.bind(graph.rates, rates);
    if (graph.step) execution.bind(*graph.step, &step_);
  }

  std::unique_ptr<plan::Execution> execution(const nn::EvaluationGraph& graph) {
    auto plan = plan::make_plan(
        graph.graph, {.kernels = store_.kernels(), .max_batch = batch, .outputs = graph.outputs(), .fuse = fuse_});
    return std::make_unique<plan::Execution>(std::move(plan), store_, 1);
  }

  double run(plan::Execution& execution, const nn::EvaluationGraph& graph) {
    execution.bind(graph.inputs, samples_.data());
    execution.bind(graph.truth, labels_.data());
    execution.run(batch, 1);
    double sum = 0;
    for (std::int64_t i = 0; i < batch; ++i) sum += static_cast<const double*>(execution.data(graph.loss))[i];
    return sum / batch;
  }

  const double whole_rates_[2] = {1, 0}, no_rates_[2] = {0, 0};
  const std::int32_t step_ = 5;
  nn::Network network_;
  plan::ParameterStore store_;
  bool fuse_;
  std::vector<double> samples_;
  std::vector<std::int32_t> labels_;
  std::optional<nn::EvaluationGraph> evaluation_graph_;
  std::unique_ptr<plan::Execution> evaluation_;
};

/// The derivative of the mean loss by element `i` of a parameter, or nothing where a kink (ReLU, max-pool) is near:
/// there two step sizes disagree.
std::optional<double> central_difference(DoubleNetwork& network, int parameter, std::size_t i) {
  const std::vector<double> before = network.values(parameter);
  const auto at = [&](double step) {
    std::vector<double> moved = before;
    moved[i] += step;
    network.set(parameter, moved);
    return network.mean_loss();
  };
  // Richardson: the error falls with the fourth power of the step.
  const auto difference = [&](double h) {
    const double narrow = (at(h) - at(-h)) / (2 * h), wide = (at(2 * h) - at(-2 * h)) / (4 * h);
    return (4 * narrow - wide) / 3;
  };
  const double fine = difference(1e-4), coarse = difference(3e-4);
  network.set(parameter, before);
  if (std::abs(fine - coarse) > 1e-7 * (1e-2 + std::abs(fine))) return std::nullopt;
  return fine;
}

void check_gradients(nn::Topology topology, const Shape& shape, bool fuse) {
  DoubleNetwork network(std::move(topology), shape, fuse);
  const auto gradients = network.gradients();
  for (int parameter = 0; parameter < network.parameters(); ++parameter) {
    if (!network.is_trained(parameter)) continue;
    const std::vector<double>& gradient = gradients[static_cast<std::size_t>(parameter)];
    std::size_t kinks = 0;
    double largest = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const auto expected = central_difference(network, parameter, i);
      if (!expected) {
        ++kinks;
        continue;
      }
      CAPTURE(network.name(parameter), i, fuse);
      CHECK(gradient[i] == Approx(*expected).epsilon(1e-6).margin(1e-9));
      largest = std::max(largest, std::abs(*expected));
    }
    CAPTURE(network.name(parameter), kinks, gradient.size());
    CHECK(kinks * 3 <= gradient.size());
    CHECK(largest > 1e-4);
  }
}

void check_gradients(std::vector<Layer> layers, const Shape& shape, bool fuse) {
  check_gradients(nn::Topology::chain(std::move(layers)), shape, fuse);
}

}  // namespace

TEST_CASE("the gradients of a whole network are those of central differences", "[nn]") {
  const bool fuse = GENERATE(true, false);
  SECTION("of every kind of layer") {
    check_gradients(small_layers(), small_shape(), fuse);
  }
  SECTION("with fused ReLU and max-pool twice, odd sizes, and a rest that no window reaches") {
    check_gradients({Conv2D(3, {3, 3}, {.padding = same, .activation = relu}), MaxPool2D(),
                     Conv2D(4, {3, 2}, {.stride = {1, 2}, .activation = relu}), MaxPool2D({2, 1}), Flatten(),
                     Dense(5, {.activation = relu}), Dense(classes, {.activation = softmax})},
                    {11, 9, 2}, fuse);
  }
  SECTION("with a residual block, batch normalisation, dropout, a shared layer and two branches") {
    // Smooth but for one ReLU: a change of gamma would move all of its inputs at once, some across their kinks.
    const Tensor x = Input({6, 5, 2});
    const Tensor a = BatchNormalization()(Conv2D(3, 3, {.padding = same, .activation = relu})(x));
    const Conv2D shared(3, {2, 1}, {.padding = same, .use_bias = false});
    const Tensor sum = Add()(a, BatchNormalization({.scale = false})(shared(shared(a))), Conv2D(3, 1)(x));
    const Tensor joined = Concatenate()(AveragePool2D({3, 2}, {.stride = 2, .padding = same})(sum),
                                        AveragePool2D(2, {.padding = same})(Dropout(0.3)(a)));
    const Tensor y = Dense(classes, {.activation = softmax})(Dropout(0.25)(Flatten()(joined)));
    check_gradients(nn::trace(x, y), x.shape(), fuse);
  }
  SECTION("with dilation, also under stride and under a fused pool") {
    check_gradients({Conv2D(3, {3, 2}, {.padding = same, .dilation = {2, 3}, .activation = relu}), MaxPool2D({1, 2}),
                     Conv2D(3, 2, {.stride = {2, 1}, .padding = {1, 0, 2, 1}, .dilation = {3, 2}}), Flatten(),
                     Dense(classes, {.activation = softmax})},
                    {9, 8, 2}, fuse);
  }
  SECTION("with groups, also under a fused pool and under batch normalisation") {
    check_gradients({Conv2D(6, {3, 2}, {.padding = same, .groups = 2, .activation = relu}), MaxPool2D(2),
                     Conv2D(6, 2, {.groups = 3, .use_bias = false}), BatchNormalization(), Flatten(),
                     Dense(classes, {.activation = softmax})},
                    {7, 6, 2}, fuse);
  }
  SECTION("with depthwise convolutions, one with a multiplier, and a pointwise one") {
    check_gradients({DepthwiseConv2D({2, 3}, {.padding = {1, 0, 2, 1}, .dilation = {1, 2}}),
                     DepthwiseConv2D(3, {.stride = 3, .padding = same, .depth_multiplier = 2, .activation = relu}),
                     Conv2D(5, 1), Flatten(), Dense(classes, {.activation = softmax})},
                    {7, 6, 2}, fuse);
  }
  SECTION("with transposed convolutions, of every padding") {
    check_gradients(
        {Conv2DTranspose(3, {2, 3}, {.stride = 2, .padding = same, .activation = sigmoid}),
         Conv2DTranspose(2, {3, 1}, {.stride = {1, 2}, .dilation = {2, 1}}), AveragePool2D(3),
         Conv2DTranspose(4, 2, {.stride = 2, .padding = {1, 0, 0, 1}, .output_padding = 1, .use_bias = false}),
         Flatten(), Dense(classes, {.activation = softmax})},
        {3, 4, 2}, fuse);
  }
  SECTION("with tanh, sigmoid and leaky ReLU, as activations and as layers") {
    check_gradients(
        {Conv2D(4, {3, 2}, {.activation = Activation::tanh}), AveragePool2D(), LeakyReLU(),
         Conv2D(3, 2, {.activation = sigmoid}), Sigmoid(), Flatten(), Dense(5, {.activation = Activation::tanh}),
         Tanh(), LeakyReLU(0.125), Dense(classes, {.activation = softmax})},
        {9, 8, 2}, fuse);
  }
  SECTION("with overlapping pools and no bias") {
    check_gradients({Conv2D(3, {2, 2}, {.stride = 2, .padding = same, .use_bias = false}),
                     MaxPool2D(3, {.stride = 1, .padding = same}), AveragePool2D(3, {.stride = 2, .padding = same}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {9, 8, 2}, fuse);
  }
  SECTION("with pools whose last windows exceed the image") {
    check_gradients({Conv2D(3, 3), MaxPool2D(2, {.ceil_mode = true}),
                     AveragePool2D(2, {.padding = {1, 0, 0, 1}, .ceil_mode = true, .count_include_pad = true}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {9, 9, 2}, fuse);
  }
  SECTION("with global pools, of the mean and of the largest") {
    const Tensor x = Input({7, 6, 2});
    const Tensor a = Conv2D(6, {3, 2}, {.activation = relu})(x);
    const Tensor joined = Concatenate()(GlobalAveragePool2D()(a), GlobalMaxPool2D()(Conv2D(5, 3)(x)));
    check_gradients(nn::trace(x, Dense(classes, {.activation = softmax})(joined)), x.shape(), fuse);
  }
  SECTION("with padding that an average counts") {
    check_gradients({Conv2D(3, 2), AveragePool2D(3, {.stride = 2, .padding = {1, 1, 1, 1}, .count_include_pad = true}),
                     Flatten(), Dense(classes, {.activation = softmax})},
                    {8, 7, 2}, fuse);
  }
}
