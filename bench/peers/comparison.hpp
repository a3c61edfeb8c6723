#pragma once

#include <functional>
#include <string>
#include <vector>

#include "layer_pass.hpp"

/// What a program that compares with a peer needs, whichever peer it is.
namespace tilewise::bench {

/// One of several ways to do the same work.
struct Contender {
  std::function<void()> run;
  std::vector<double> seconds = {};  ///< of its runs so far
};

/// Runs all of them, `rounds` times in turn, in the next round the other way round: a burst of a few milliseconds each
/// time, of which the first run is not counted, since the others had the caches.
void take_turns(std::vector<Contender>& contenders, int rounds);

/// The root of the mean square of a - b, in units of b's. Infinite where one of them is no number, or the sizes differ.
double relative_rms(const std::vector<float>& a, const std::vector<float>& b);

/// Ours, by one algorithm, against the best of the peer.
struct Row {
  Setting setting;
  double ours_us = 0, theirs_us = 0;
  std::string theirs = {};          ///< their best layout
  std::string implementation = {};  ///< what they call it
  double peak_gflops = 0;           ///< of a core's FMAs, meanwhile
  double rms = 0;                   ///< the greatest difference of a result from theirs

  double ratio() const { return theirs_us / ours_us; }
  /// Percent of the FMA peak; of a max-pool GB/s.
  double rate(double us) const;
  bool is_percent() const { return setting.layer.kind != LayerKind::max_pool2d; }
};

/// Where, against what and how the rows were measured.
struct Context {
  std::string cpu, isa, peer;
  int rounds;
  double quantile;  ///< of the times
};

/// A Markdown table.
std::string table(const Context& context, const std::vector<Row>& rows);

/// Throws std::runtime_error if the file cannot be written.
void write_json(const std::string& path, const Context& context, const std::vector<Row>& rows);

}  // namespace tilewise::bench
