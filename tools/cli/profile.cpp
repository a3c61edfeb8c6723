#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "command.hpp"
#include "files.hpp"
#include "machine.hpp"
#include "network.hpp"
#include "options.hpp"
#include "plan/peak.hpp"
#include "tilewise/tilewise.hpp"

namespace tilewise::cli {

namespace {

constexpr double micro = 1e6, mega = 1e-6, giga = 1e-9, percent = 100;

struct Options {
  std::string model;
  DataOptions data;
  ComputeOptions compute;
  std::int64_t steps = 100;
  bool inference = false, as_json = false;
  std::string trace;
};

struct Result {
  Profile profile;
  double peak;  ///< GFLOPS of all threads, if each had a core's
};

Result measure(const Options& options) {
  const Dataset images = options.data.load().train;
  Model model = options.model.empty() ? notebook_network(images.classes()) : Model::load(options.model);
  model.compile(
      {.metrics = {Accuracy{}}, .arithmetic = options.compute.arithmetic, .algorithm = options.compute.algorithm});
  model.build(images.sample_shape());
  const Pipeline data = images.batch(options.data.batch).prefetch();
  const double before = plan::measure_fma_peak(isa());
  Profile profile = model.profile(data, {.training = !options.inference, .runs = options.steps});
  const double of_core = std::max(before, plan::measure_fma_peak(isa()));
  return {std::move(profile), of_core * profile.threads};
}

double gflops(const Profile::Step& step) {
  return step.seconds > 0 ? giga * step.flops / step.seconds : 0;
}

std::string title(const Options& options, const Result& result) {
  const Profile& profile = result.profile;
  const double rate = giga * profile.flops() / profile.seconds;
  return fmt::format(
      "{}\n{} of {} images, {} threads, {}: {:.0f} us, {:.0f} GFLOPS, {:.0f}% of a peak of {:.0f} (means of {})\n",
      cpu_name(), options.inference ? "predictions" : "steps of training", profile.batch, profile.threads, profile.isa,
      micro * profile.seconds, rate, percent * rate / result.peak, result.peak, profile.runs);
}

/// The longest of a text of all steps, and of the column's title.
template <class Text>
std::size_t width_of(const Profile& profile, std::string_view column, const Text& text) {
  std::size_t width = column.size();
  for (const Profile::Step& step : profile.steps) width = std::max(width, text(step).size());
  return width;
}

void print_table(const Options& options, const Result& result) {
  const Profile& profile = result.profile;
  const std::size_t layer = width_of(profile, "layer", [](const auto& step) { return step.layer; });
  const std::size_t op = width_of(profile, "op", [](const auto& step) { return step.op; });
  const std::size_t algorithm = width_of(profile, "algorithm", [](const auto& step) { return step.algorithm; });
  const auto names = [&](std::string_view first, std::string_view second, std::string_view third) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}", first, layer, second, op, third, algorithm);
  };
  const auto times = [&](double seconds) {
    return fmt::format("  {:>8.1f}  {:>5.1f}", micro * seconds, percent * seconds / profile.seconds);
  };
  fmt::print("{}\n{}  {:>8}  {:>5}  {:>7}  {:>6}  {:>6}\n", title(options, result), names("layer", "op", "algorithm"),
             "us", "%", "GFLOPS", "% peak", "MB");
  for (const Profile::Step& step : profile.steps) {
    const std::string rate =
        step.flops > 0 ? fmt::format("{:>7.1f}  {:>6.0f}", gflops(step), percent * gflops(step) / result.peak) : "";
    fmt::print("{}{}  {:<15}  {:>6.2f}\n", names(step.layer, step.op, step.algorithm), times(step.seconds), rate,
               mega * step.bytes);
  }
  const std::size_t all = layer + op + algorithm + 4;
  fmt::print("{:<{}}{}\n", "threads, waiting for each other", all, times(profile.waiting));
  fmt::print("{:<{}}{}\n", "between the steps", all, times(profile.outside));
  for (const Profile::Step& step : profile.steps)
    if (!step.why.empty()) fmt::print("{} {}: {}\n", step.layer, step.op, step.why);
}

nlohmann::json to_json(const Options& options, const Result& result) {
  const Profile& profile = result.profile;
  nlohmann::json json{{"cpu", cpu_name()},
                      {"isa", profile.isa},
                      {"training", !options.inference},
                      {"threads", profile.threads},
                      {"batch", profile.batch},
                      {"runs", profile.runs},
                      {"seconds", profile.seconds},
                      {"flops", profile.flops()},
                      {"peak_gflops", result.peak},
                      {"waiting_seconds", profile.waiting},
                      {"outside_seconds", profile.outside},
                      {"steps", nlohmann::json::array()}};
  for (const Profile::Step& step : profile.steps)
    json["steps"].push_back({{"layer", step.layer},
                             {"op", step.op},
                             {"algorithm", step.algorithm},
                             {"why", step.why},
                             {"seconds", step.seconds},
                             {"flops", step.flops},
                             {"bytes", step.bytes}});
  return json;
}

/// In the Trace Event Format of Chrome, which its successors read too: a row for each thread.
nlohmann::json to_trace(const Profile& profile) {
  nlohmann::json events = nlohmann::json::array();
  for (int thread = 0; thread < profile.threads; ++thread)
    events.push_back({{"name", "thread_name"},
                      {"ph", "M"},
                      {"pid", 1},
                      {"tid", thread},
                      {"args", {{"name", fmt::format("thread {}", thread)}}}});
  for (const Profile::Span& span : profile.spans) {
    const Profile::Step& step = profile.steps[span.step];
    events.push_back({{"name", step.layer + " " + step.op},
                      {"cat", span.phase},
                      {"ph", "X"},
                      {"pid", 1},
                      {"tid", span.thread},
                      {"ts", micro * span.begin},
                      {"dur", micro * (span.end - span.begin)},
                      {"args", {{"phase", span.phase}, {"algorithm", step.algorithm}}}});
  }
  return {{"traceEvents", std::move(events)}, {"displayTimeUnit", "ns"}};
}

int profile(const Options& options) {
  options.compute.apply();
  require_writable(options.trace, "--trace");
  const Result result = measure(options);
  if (!options.trace.empty()) write_file(options.trace, to_trace(result.profile).dump() + '\n');
  constexpr int indent = 2;
  if (options.as_json)
    fmt::print("{}\n", to_json(options, result).dump(indent));
  else
    print_table(options, result);
  return success;
}

}  // namespace

void add_profile(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("profile", "Where the time of a step of training, or of a prediction, goes");
  const auto options = std::make_shared<Options>();
  add_optional_model(*command, options->model);
  options->data.add_to(*command);
  constexpr std::int64_t most_steps = 100'000;
  add_integer(*command, "--steps", options->steps, 1, most_steps, "Batches to measure (default: 100)");
  command->add_flag("--inference", options->inference, "Predict instead of training");
  options->compute.add_to(*command);
  command->add_flag("--json", options->as_json, "Print JSON");
  command
      ->add_option("--trace", options->trace,
                   "Write what each thread did when to this file, in the format of Chrome's trace viewer")
      ->type_name("FILE.json");
  command->callback([options, &action] { action = [options] { return profile(*options); }; });
}

}  // namespace tilewise::cli
