#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/machine.hpp"
#include "comparison.hpp"
#include "kernels/select.hpp"
#include "layer_pass.hpp"
#include "onednn_api.hpp"
#include "onednn_pass.hpp"
#include "plan/peak.hpp"

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
};

/// A pass by one of our algorithms, or in one of their layouts.
struct Ours {
  std::string algorithm;
  std::unique_ptr<OpRun> op;
};
struct Theirs {
  onednn::Layout layout;
  onednn::Primitives primitives;
};

class Comparison {
 public:
  Comparison(const Options& options, const Layer& layer, Pass pass, std::int64_t batch)
      : options_(options), layer_(layer), pass_(pass), batch_(batch) {}

  /// One row for each of our algorithms; `peak` becomes the greatest that was measured. Throws std::runtime_error if
  /// results differ.
  std::vector<Row> rows(double& peak) {
    prepare();
    for (Ours& ours : ours_) ours.op->run();
    for (Theirs& theirs : theirs_) theirs.primitives.run();
    const double rms = check();
    std::vector<Contender> contenders;
    for (Ours& ours : ours_) contenders.push_back({ours.algorithm, [op = ours.op.get()] { op->run(); }});
    for (Theirs& theirs : theirs_)
      contenders.push_back({layout_name(theirs.layout), [&theirs] { theirs.primitives.run(); }});
    peak = std::max(peak, plan::measure_fma_peak(options_.isa));
    take_turns(contenders, options_.rounds);
    peak = std::max(peak, plan::measure_fma_peak(options_.isa));
    return rows_of(contenders, peak, rms);
  }

 private:
  void prepare() {
    const ops::Kernels kernels(kernels::table(options_.isa));
    for (const std::string& algorithm : algorithms(layer_, pass_, options_.isa))
      ours_.push_back(
          {algorithm, std::make_unique<OpRun>(
                          kernels, [&](PassGraph& graph) { return emit_layer(graph, layer_, pass_); }, batch_, 1)});
    for (onednn::Layout layout : {onednn::Layout::nhwc, onednn::Layout::blocked, onednn::Layout::winograd}) {
      if (layout == onednn::Layout::winograd && layer_.kind != LayerKind::conv2d) continue;
      try {
        theirs_.push_back({layout, onednn::make_pass({layer_, pass_, options_.isa, batch_, layout, *ours_[0].op})});
      } catch (const dnnl::error& error) {
        if (error.status != dnnl_unimplemented) throw;
      }
    }
    if (theirs_.empty()) throw std::runtime_error("oneDNN has nothing for " + op_name(layer_, pass_));
  }

  double check() {
    double greatest = 0;
    for (Ours& ours : ours_)
      for (Theirs& theirs : theirs_)
        for (std::size_t i = 0; i < theirs.primitives.results(); ++i) {
          const double rms = relative_rms(ours.op->result(i), theirs.primitives.result(i));
          greatest = std::max(greatest, rms);
          if (!(rms < greatest_rms))
            throw std::runtime_error(op_name(layer_, pass_) + " of " + layer_.name + ": result " + std::to_string(i) +
                                     " by " + ours.algorithm + " and by oneDNN (" + layout_name(theirs.layout) +
                                     ") differ by " + std::to_string(rms) + " of their size");
        }
    return greatest;
  }

  std::vector<Row> rows_of(const std::vector<Contender>& contenders, double peak, double rms) const {
    const auto first_of_theirs = contenders.begin() + static_cast<std::ptrdiff_t>(ours_.size());
    const auto best = std::min_element(first_of_theirs, contenders.end(),
                                       [](const Contender& a, const Contender& b) { return a.median() < b.median(); });
    const auto& theirs = theirs_[static_cast<std::size_t>(best - first_of_theirs)];
    std::vector<Row> rows;
    for (std::size_t i = 0; i < ours_.size(); ++i)
      rows.push_back({.op = op_name(layer_, pass_),
                      .algorithm = contenders[i].name,
                      .layer = layer_.name,
                      .batch = batch_,
                      .ours_us = contenders[i].median() * 1e6,
                      .theirs_us = best->median() * 1e6,
                      .theirs = best->name,
                      .implementation = theirs.primitives.implementations(),
                      .ours_rate = rate(contenders[i].median(), peak),
                      .theirs_rate = rate(best->median(), peak),
                      .is_percent = layer_.kind != LayerKind::max_pool2d,
                      .rms = rms});
    return rows;
  }

  /// Percent of the peak, or GB/s.
  double rate(double seconds, double peak) const {
    if (layer_.kind == LayerKind::max_pool2d) return pool_bytes(layer_, pass_) * double(batch_) / seconds / 1e9;
    return layer_.flops() * double(batch_) * (pass_ == Pass::backward ? 2 : 1) / seconds / 1e9 / peak * 100;
  }

  const Options& options_;
  Layer layer_;
  Pass pass_;
  std::int64_t batch_;
  std::vector<Ours> ours_;
  std::vector<Theirs> theirs_;
};

bool is_wanted(const Options& options, const Suite& suite, const std::string& name, std::int64_t batch) {
  const std::vector<std::int64_t>& batches = options.batches;
  const bool batch_is_wanted =
      batches.empty() ? batch == suite.batches[0] : std::count(batches.begin(), batches.end(), batch) > 0;
  return batch_is_wanted && std::regex_search(name, std::regex(options.filter));
}

void compare(const Options& options) {
  onednn::limit(options.isa);
  Context context{cli::cpu_name(), std::string(isa_name(options.isa)), "oneDNN " + onednn::version(), 0,
                  options.rounds};
  std::vector<Row> rows;
  for (const Suite& suite : suites)
    for (std::int64_t batch : suite.batches)
      for (const Layer& layer : suite.layers)
        for (Pass pass : passes(layer)) {
          const std::string name = op_name(layer, pass) + "/" + layer.name + "/b" + std::to_string(batch);
          if (!is_wanted(options, suite, name, batch)) continue;
          std::fprintf(stderr, "%s\n", name.c_str());
          for (Row& row : Comparison(options, layer, pass, batch).rows(context.peak_gflops)) rows.push_back(row);
        }
  if (rows.empty()) throw std::runtime_error("no pass is wanted by the filter '" + options.filter + "' at that batch");
  std::fputs(table(context, rows).c_str(), stdout);
  if (!options.json.empty()) write_json(options.json, context, rows);
}

int run(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares tilewise with oneDNN, pass by pass, on one thread"};
  std::string isa;
  app.add_option("--isa", isa, "of both: " + std::string("sse2, avx2, avx512 or neon64; the widest by default"));
  app.add_option("--batch", options.batches, "images; by default each suite's first, 32");
  app.add_option("--filter", options.filter, "a regular expression on OP_PASS/SUITE.LAYER/bN");
  app.add_option("--rounds", options.rounds, "of ours and theirs in turn")->check(CLI::Range(1, 1000));
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
