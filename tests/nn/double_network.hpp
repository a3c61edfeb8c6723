#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"
#include "nn/network.hpp"
#include "plan/execution.hpp"

namespace tilewise::test {

struct DoubleSettings {
  Loss loss = SparseCategoricalCrossentropy{};
  std::int32_t classes;
  std::int64_t batch = 4;
  bool fuse = true;  ///< where the loss is evaluated
  std::uint64_t seed = 3;
};

/// A network in float64, with data of its own.
class DoubleNetwork {
 public:
  DoubleNetwork(nn::Topology topology, const Shape& shape, const DoubleSettings& settings)
      : settings_(settings), network_(std::move(topology), shape), store_(ops::Kernels(ops::Scalar::f64)) {
    network_.allocate(store_);
    network_.initialize(store_, settings.seed);
    // Biases away from zero, so that their gradients and the ReLUs are seen at work.
    for (int parameter = 0; parameter < store_.count(); ++parameter)
      if (store_.shape(parameter).rank() == 1) {
        std::vector<double> bias = values(parameter);
        for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = 0.05 * (static_cast<double>(i % 5) - 1.7);
        store_.set(parameter, bias.data());
      }
    const base::Random random(settings.seed + 8, base::Stream::test, 0);
    samples_.resize(static_cast<std::size_t>(settings.batch * shape.elements()));
    for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i] = 2 * double{random.uniform(i)} - 1;
    for (std::int32_t i = 0; i < settings.batch; ++i) labels_.push_back((2 * i + 1) % settings.classes);
    targets_.resize(static_cast<std::size_t>(settings.batch * network_.output_shape().elements()));
    for (std::size_t i = 0; i < targets_.size(); ++i) targets_[i] = double{random.uniform(1'000'000 + i)};
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
      const nn::TrainingGraph graph =
          nn::training_graph(network_, {.optimizer = SGD{}, .loss = settings_.loss}, store_);
      evaluation_graph_ = graph;
      evaluation_ = execution(graph, settings_.fuse);
      bind_step(*evaluation_, graph, no_rates_);
    } else {
      evaluation_graph_ = nn::evaluation_graph(network_, settings_.loss, {});
      evaluation_ = execution(*evaluation_graph_, settings_.fuse);
    }
    return mean_loss();
  }

  /// One step of SGD with rate 1 leaves parameter - gradient.
  std::vector<std::vector<double>> gradients(bool fuse) {
    const nn::TrainingGraph graph =
        nn::training_graph(network_, {.optimizer = SGD{.learning_rate = 1}, .loss = settings_.loss}, store_);
    std::vector<std::vector<double>> before, gradients;
    for (int parameter = 0; parameter < parameters(); ++parameter) before.push_back(values(parameter));
    const auto training = execution(graph, fuse);
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

  std::unique_ptr<plan::Execution> execution(const nn::EvaluationGraph& graph, bool fuse) {
    auto plan = plan::make_plan(
        graph.graph,
        {.kernels = store_.kernels(), .max_batch = settings_.batch, .outputs = graph.outputs(), .fuse = fuse});
    return std::make_unique<plan::Execution>(std::move(plan), store_, 1);
  }

  double run(plan::Execution& execution, const nn::EvaluationGraph& graph) {
    execution.bind(graph.inputs, samples_.data());
    execution.bind(graph.truth, graph.takes_targets() ? static_cast<const void*>(targets_.data()) : labels_.data());
    execution.run(settings_.batch, 1);
    double sum = 0;
    for (std::int64_t i = 0; i < settings_.batch; ++i) sum += static_cast<const double*>(execution.data(graph.loss))[i];
    return sum / static_cast<double>(settings_.batch);
  }

  const double whole_rates_[2] = {1, 0}, no_rates_[2] = {0, 0};
  const std::int32_t step_ = 5;
  DoubleSettings settings_;
  nn::Network network_;
  plan::ParameterStore store_;
  std::vector<double> samples_, targets_;
  std::vector<std::int32_t> labels_;
  std::optional<nn::EvaluationGraph> evaluation_graph_;
  std::unique_ptr<plan::Execution> evaluation_;
};

/// The derivative of the mean loss by element `i` of a parameter, or nothing where a kink (ReLU, max-pool) is near:
/// there two step sizes disagree.
inline std::optional<double> central_difference(DoubleNetwork& network, int parameter, std::size_t i) {
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

}  // namespace tilewise::test
