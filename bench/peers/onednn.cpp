#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/machine.hpp"
#include "comparison.hpp"
#include "layer_pass.hpp"
#include "onednn_api.hpp"
#include "onednn_pass.hpp"
#include "plan/peak.hpp"
#include "times.hpp"

// The passes of the suites' layers, ours and oneDNN's in turn in this process, on one thread. A pass of oneDNN is its
// primitives in a row: where ours pools as well, its convolution with ReLU, then its max-pool. Its weights are brought
// into its own order before the clock runs, and so are images in its own layouts, though a caller would have to bring
// them there.
namespace tilewise::bench {
namespace {

constexpr double greatest_rms = 1e-4;

struct Options {
  Isa isa = default_isa();
  std::vector<std::int64_t> batches;
  std::string filter;
  std::string json;
  int rounds = 15;
  double quantile = 0.5;
};

/// A pass by one of our algorithms, or in one of their layouts.
struct Ours {
  Setting setting;
  std::unique_ptr<OpRun> op;
};
struct Theirs {
  onednn::Layout layout;
  onednn::Primitives primitives;
};

std::vector<Ours> make_ours(Isa isa, const Layer& layer, Pass pass, std::int64_t batch) {
  std::vector<Ours> ours;
  for (const std::string& algorithm : algorithms(layer, pass, isa)) {
    const Setting setting{layer, pass, isa, algorithm, batch, 1};
    ours.push_back({setting, make_run(setting)});
  }
  return ours;
}

std::vector<Theirs> make_theirs(const Ours& ours) {
  std::vector<Theirs> theirs;
  for (onednn::Layout layout : {onednn::Layout::nhwc, onednn::Layout::blocked, onednn::Layout::winograd}) {
    if (layout == onednn::Layout::winograd && ours.setting.layer.kind != LayerKind::conv2d) continue;
    try {
      theirs.push_back({layout, onednn::make_pass({ours.setting, layout, *ours.op})});
    } catch (const dnnl::error& error) {
      if (error.status != dnnl_unimplemented) throw;
    }
  }
  if (theirs.empty()) throw std::runtime_error("oneDNN has nothing for " + ours.setting.name());
  for (Theirs& each : theirs) each.primitives.run();
  return theirs;
}

/// The greatest difference of ours from any of theirs. Throws std::runtime_error if that is too much.
double checked_rms(const Ours& ours, std::vector<Theirs>& theirs) {
  double greatest = 0;
  for (Theirs& each : theirs)
    for (std::size_t i = 0; i < each.primitives.results(); ++i) {
      const double rms = relative_rms(ours.op->result(i), each.primitives.result(i));
      greatest = std::max(greatest, rms);
      if (!(rms < greatest_rms))
        throw std::runtime_error(ours.setting.name() + ": result " + std::to_string(i) + " and oneDNN's (" +
                                 layout_name(each.layout) + ") differ by " + std::to_string(rms) + " of their size");
    }
  return greatest;
}

/// One row for each of our algorithms.
std::vector<Row> compare_pass(const Options& options, const Layer& layer, Pass pass, std::int64_t batch) {
  std::vector<Ours> ours = make_ours(options.isa, layer, pass, batch);
  std::vector<Theirs> theirs = make_theirs(ours[0]);
  std::vector<Row> rows;
  for (const Ours& each : ours) rows.push_back({.setting = each.setting, .rms = checked_rms(each, theirs)});

  std::vector<Contender> contenders;
  for (const Ours& each : ours) contenders.push_back({[op = each.op.get()] { op->run(); }});
  for (Theirs& each : theirs) contenders.push_back({[&each] { each.primitives.run(); }});
  const double peak_before = plan::measure_fma_peak(options.isa);
  take_turns(contenders, options.rounds);
  const double peak = std::max(peak_before, plan::measure_fma_peak(options.isa));

  std::vector<double> us;
  for (const Contender& each : contenders) us.push_back(quantile(each.seconds, options.quantile) * 1e6);
  const auto first_of_theirs = us.begin() + static_cast<std::ptrdiff_t>(ours.size());
  const auto best = std::min_element(first_of_theirs, us.end());
  const Theirs& their_best = theirs[static_cast<std::size_t>(best - first_of_theirs)];
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].ours_us = us[i];
    rows[i].theirs_us = *best;
    rows[i].theirs = layout_name(their_best.layout);
    rows[i].implementation = their_best.primitives.implementations();
    rows[i].peak_gflops = peak;
  }
  return rows;
}

bool is_wanted(const Options& options, const Suite& suite, const std::string& name, std::int64_t batch) {
  const std::vector<std::int64_t>& batches = options.batches;
  const bool batch_is_wanted =
      batches.empty() ? batch == suite.batches[0] : std::count(batches.begin(), batches.end(), batch) > 0;
  return batch_is_wanted && std::regex_search(name, std::regex(options.filter));
}

void compare(const Options& options) {
  onednn::limit(options.isa);
  const Context context{cli::cpu_name(), std::string(isa_name(options.isa)), "oneDNN " + onednn::version(),
                        options.rounds, options.quantile};
  std::vector<Row> rows;
  for (const Suite& suite : suites)
    for (std::int64_t batch : suite.batches)
      for (const Layer& layer : suite.layers)
        for (Pass pass : passes(layer)) {
          const std::string name = op_name(layer, pass) + "/" + layer.name + "/b" + std::to_string(batch);
          if (!is_wanted(options, suite, name, batch)) continue;
          std::fprintf(stderr, "%s\n", name.c_str());
          for (const Row& row : compare_pass(options, layer, pass, batch)) rows.push_back(row);
        }
  if (rows.empty()) throw std::runtime_error("no pass is wanted by the filter '" + options.filter + "' at that batch");
  std::fputs(table(context, rows).c_str(), stdout);
  if (!options.json.empty()) write_json(options.json, context, rows);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares tilewise with oneDNN, pass by pass, on one thread"};
  std::string isa;
  app.add_option("--isa", isa, "of both: sse2, avx2, avx512 or neon64; the widest by default");
  app.add_option("--batch", options.batches, "images; by default each suite's first, 32");
  app.add_option("--filter", options.filter, "a regular expression on OP_PASS/SUITE.LAYER/bN");
  app.add_option("--rounds", options.rounds, "of ours and theirs in turn")->check(CLI::Range(1, 1000));
  app.add_option("--quantile", options.quantile,
                 "of the times counts: 0.5, the median; less where others share the CPU")
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--json", options.json, "a file to write the figures to");
  CLI11_PARSE(app, argc, argv);
  if (!isa.empty()) options.isa = require_isa(isa);
  compare(options);
  return 0;
}

}  // namespace
}  // namespace tilewise::bench

int main(int argc, char** argv) {
  try {
    return tilewise::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tilewise-bench-onednn: %s\n", error.what());
    return 1;
  }
}
