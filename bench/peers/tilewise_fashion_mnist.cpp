#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/network.hpp"
#include "tilewise/tilewise.hpp"

// The figures of fashion_mnist.py, of ours.
namespace {

using namespace tilewise;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string data = "fashion-mnist", arithmetic = "standard", json;
  std::int64_t steps = 400, warmup = 30, batch = 32, evaluation_batch = 256, latencies = 500;
  int threads = 0;
};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Ends a training after some steps, and knows how long those after the first few took.
class Timer : public Callback {
 public:
  Timer(std::int64_t warmup, std::int64_t steps) : warmup_(warmup), left_(warmup + steps) {}
  bool on_batch_end(const BatchRecord&) override {
    --left_;
    if (warmup_-- == 0 || left_ == 0) (left_ == 0 ? end_ : begin_) = Clock::now();
    return left_ > 0;
  }
  double seconds() const { return std::chrono::duration<double>(end_ - begin_).count(); }

 private:
  std::int64_t warmup_, left_;
  Clock::time_point begin_, end_;
};

double step_seconds(Model& model, const Dataset& images, const Options& options) {
  Timer timer(options.warmup - 1, options.steps + 1);  // the first one timed begins where the last warm one ends
  const Pipeline pipeline = images.shuffle(10'000).batch(options.batch).prefetch();
  const auto epochs = static_cast<int>((options.warmup + options.steps) / pipeline.batches() + 1);
  model.fit(pipeline, {.epochs = epochs, .callbacks = {&timer}});
  return timer.seconds() / double(options.steps);
}

double median_latency(const Model& model, const Dataset& images, std::int64_t count) {
  std::vector<float> image(static_cast<std::size_t>(images.sample_shape().elements()));
  std::vector<double> seconds;
  constexpr std::int64_t warmup = 50;
  for (std::int64_t i = 0; i < warmup + count; ++i) {
    images.copy_sample(i % images.size(), image.data());
    const auto begin = Clock::now();
    model.predict(image.data(), 1);
    if (i >= warmup) seconds.push_back(seconds_since(begin));
  }
  std::nth_element(seconds.begin(), seconds.begin() + count / 2, seconds.end());
  return seconds[static_cast<std::size_t>(count / 2)];
}

Arithmetic arithmetic_of(const std::string& name) {
  return name == "strict" ? Arithmetic::strict : name == "fast" ? Arithmetic::fast : Arithmetic::standard;
}

nlohmann::json measure(const Options& options) {
  if (options.threads > 0) set_threads(options.threads);
  const auto [train, test] = datasets::load(options.data);
  Sequential model = cli::notebook_network(train.classes());
  model.compile({.optimizer = Adam{}, .metrics = {Accuracy{}}, .arithmetic = arithmetic_of(options.arithmetic)});
  constexpr double micro = 1e6, milli = 1e3;
  nlohmann::json figures{{"program", "tilewise " + options.arithmetic}};
  figures["training, us a step"] = micro * step_seconds(model, train, options);
  const Pipeline batches = test.batch(options.evaluation_batch).prefetch();
  model.evaluate(batches);
  const auto begin = Clock::now();
  figures["accuracy"] = model.evaluate(batches).accuracy.value();
  figures["evaluation, ms"] = milli * seconds_since(begin);
  figures["one image, us"] = micro * median_latency(model, test, options.latencies);
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Times the notebook's network: steps of training, the test images, one image.");
  Options options;
  program.add_option("--data", options.data);
  program.add_option("--arithmetic", options.arithmetic)->check(CLI::IsMember({"strict", "standard", "fast"}));
  program.add_option("--steps", options.steps)->check(CLI::PositiveNumber);
  program.add_option("--warmup", options.warmup)->check(CLI::PositiveNumber);
  program.add_option("--batch", options.batch)->check(CLI::PositiveNumber);
  program.add_option("--evaluation-batch", options.evaluation_batch)->check(CLI::PositiveNumber);
  program.add_option("--latencies", options.latencies)->check(CLI::PositiveNumber);
  program.add_option("--threads", options.threads)->check(CLI::PositiveNumber);
  program.add_option("--json", options.json)->required();
  CLI11_PARSE(program, argc, argv);
  try {
    std::ofstream(options.json) << measure(options).dump() << '\n';
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tilewise-bench-fashion-mnist: %s\n", error.what());
    return 1;
  }
}
