#include "kernels/select.hpp"
#include "nn/functional.hpp"
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

struct StandardThreads {
  StandardThreads() { plan::set_backend(plan::Backend::threads); }
  ~StandardThreads() { plan::set_backend(plan::Backend::tbb); }
};

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
