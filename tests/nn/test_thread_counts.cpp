#include <algorithm>
#include <cmath>

#include "kernels/select.hpp"
#include "nn/functional.hpp"
#include "nn/layer_cases.hpp"
#include "nn/networks.hpp"
#include "nn/step_runner.hpp"
#include "plan/parallel.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// Batch normalisation, dropout, a short cut and a join, on 9x8x2.
nn::Network branched_network() {
  const Tensor x = Input(small_shape());
  const Tensor a = ReLU()(BatchNormalization()(Conv2D(6, 3, {.padding = same})(x)));
  const Tensor b = Add()(a, Conv2D(6, 3, {.padding = same, .activation = relu})(Dropout(0.2)(a)));
  const Tensor y = Flatten()(Concatenate()(MaxPool2D()(b), AveragePool2D()(a)));
  return nn::Network(nn::trace(x, Dense(3, {.activation = softmax})(Dropout(0.5)(y))), x.shape());
}

/// Losses, weights and optimizer state of `steps` steps; every other batch is a short one.
std::vector<double> traces(const nn::Network& network, const Optimizer& optimizer, const ops::Kernels& kernels,
                           int threads, std::uint64_t steps) {
  StepRunner runner(network, {.optimizer = optimizer, .seed = 2}, kernels, 19, threads);
  BatchReader full(striped_images(small_shape(), 3, 95).batch(19)),
      shorter(striped_images(small_shape(), 3, 35).batch(7));
  std::vector<double> traces;
  for (std::uint64_t step = 0; step < steps; ++step) {
    BatchReader& reader = step % 2 == 0 ? full : shorter;
    if (step % 10 < 2) reader.start_epoch(static_cast<std::int64_t>(step));
    traces.push_back(runner.step(*reader.next()));
  }
  const std::vector<double> end = runner.weights_and_state();
  traces.insert(traces.end(), end.begin(), end.end());
  return traces;
}

}  // namespace

TEST_CASE("training has the same bits for any number of threads, state and losses too", "[nn]") {
  const std::uint64_t steps = scaled(50);
  const nn::Network plain(small_layers(), small_shape()), branched = branched_network();
  for (Isa isa : available_isas())
    for (const nn::Network* network : {&plain, &branched})
      for (const Optimizer& optimizer : {Optimizer(Adam{}), Optimizer(SGD{.momentum = 0.9, .nesterov = true}),
                                         Optimizer(RMSprop{.centered = true})}) {
        const ops::Kernels kernels(kernels::table(isa));
        const std::vector<double> expected = traces(*network, optimizer, kernels, 1, steps);
        for (const int threads : {2, 3, 4, 7, 16}) {
          CAPTURE(isa_name(isa), optimizer.index(), threads);
          REQUIRE(traces(*network, optimizer, kernels, threads, steps) == expected);
          count_cases("6 steps, same bits for any threads", std::string(isa_name(isa)) + "/" + std::to_string(threads),
                      steps);
        }
        const StandardThreads on_threads_of_our_own;
        REQUIRE(traces(*network, optimizer, kernels, 16, scaled(10)) ==
                traces(*network, optimizer, kernels, 1, scaled(10)));
      }
}

namespace {

/// The same of a network of any kind, on batches of noise of 5 and 3 samples.
std::vector<double> noise_traces(const nn::Network& network, const Loss& loss, const ops::Kernels& kernels, int threads,
                                 std::uint64_t steps) {
  StepRunner runner(network, {.optimizer = SGD{.momentum = 0.9}, .loss = loss, .seed = 2}, kernels, 5, threads);
  const base::Random random(seed(), base::Stream::test, 70'000'000);
  std::vector<float> samples(static_cast<std::size_t>(5 * network.input_shape().elements())),
      targets(static_cast<std::size_t>(5 * network.output_shape().elements()));
  const std::int32_t labels[] = {0, 1, 1, 0, 1};
  std::vector<double> traces;
  for (std::uint64_t step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = random.uniform(step * 100'000 + i);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = random.uniform(step * 100'000 + 50'000 + i);
    traces.push_back(runner.step({step % 2 == 0 ? 5 : 3, samples.data(), labels, targets.data()}));
  }
  const std::vector<double> end = runner.weights_and_state();
  traces.insert(traces.end(), end.begin(), end.end());
  return traces;
}

/// On the widest ISA: for small networks threads mostly wait for each other, and the ISAs' bits are held elsewhere.
void check_thread_counts(const std::string& row, const char* what, const Tensor& x, const Tensor& y, const Loss& loss) {
  const nn::Network network(nn::trace(x, y), x.shape());
  const std::uint64_t steps = scaled(20);
  const ops::Kernels kernels(kernels::table(available_isas().back()));
  const std::vector<double> expected = noise_traces(network, loss, kernels, 1, steps);
  INFO(what);
  REQUIRE(std::all_of(expected.begin(), expected.end(), [](double value) { return std::isfinite(value); }));
  for (const int threads : {2, 3, 4, 7, 16}) {
    INFO(what << ", " << kernels.isa() << ", threads " << threads);
    const std::vector<double> found = noise_traces(network, loss, kernels, threads, steps);
    REQUIRE(found == expected);
  }
  count_cases(row, what, 5 * steps);
}

}  // namespace

TEST_CASE("every layer and every loss trains to the same bits for any number of threads", "[nn]") {
  std::uint64_t number = 70'000'000;
  for (const DrawnLayer& drawn : every_layer()) {
    Pick pick(Numbers::real, number++);
    const Tensor x = Input({pick(6, 8), pick(6, 8), 2}), y = drawn.draw(pick, draw_image(pick, x));
    check_thread_counts("6 steps, same bits, layers", drawn.kind, x, Dense(2, {.activation = softmax})(Flatten()(y)),
                        SparseCategoricalCrossentropy{});
  }
  for (const DrawnLoss& drawn : every_loss()) {
    Pick pick(Numbers::real, number++);
    const Tensor x = Input({pick(6, 8), pick(6, 8), 2});
    const LossCase made = drawn.draw(pick, draw_image(pick, x), 2);
    check_thread_counts("6 steps, same bits, losses", drawn.name, x, made.output, made.loss);
  }
}
