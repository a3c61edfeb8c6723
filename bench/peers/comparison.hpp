#pragma once

#include <functional>
#include <string>
#include <vector>

/// What a program that compares with a peer needs, whichever peer it is.
namespace tilewise::bench {

/// One of several ways to do the same work.
struct Contender {
  std::string name;
  std::function<void()> run;
  std::vector<double> seconds = {};  ///< of its runs so far

  double median() const;
};

/// Runs all of them, `rounds` times in turn, in the next round the other way round: a burst of a few milliseconds each
/// time, of which the first run is not counted, since the others had the caches.
void take_turns(std::vector<Contender>& contenders, int rounds);

/// The root of the mean square of a - b, in units of b's. Infinite where one of them is no number, or the sizes differ.
double relative_rms(const std::vector<float>& a, const std::vector<float>& b);

/// Ours, by one algorithm, against the best of the peer.
struct Row {
  std::string op, algorithm, layer;
  std::int64_t batch;
  double ours_us, theirs_us;
  std::string theirs;          ///< their best layout
  std::string implementation;  ///< what they call it
  double ours_rate, theirs_rate;
  bool is_percent;  ///< whether rates are percents of the FMA peak, or GB/s
  double rms;       ///< the greatest difference of a result from theirs

  double ratio() const { return theirs_us / ours_us; }
};

/// Where, against what and how the rows were measured.
struct Context {
  std::string cpu, isa, peer;
  double peak_gflops;
  int rounds;
};

/// A Markdown table.
std::string table(const Context& context, const std::vector<Row>& rows);

/// Throws std::runtime_error if the file cannot be written.
void write_json(const std::string& path, const Context& context, const std::vector<Row>& rows);

}  // namespace tilewise::bench
