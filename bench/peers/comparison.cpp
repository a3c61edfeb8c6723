#include "comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "times.hpp"

namespace tilewise::bench {

namespace {

constexpr double burst_seconds = 2e-3;
constexpr std::size_t least_runs = 3, most_runs = 1000;

void burst(Contender& contender) {
  const double first = seconds_of(contender.run);
  const auto runs = std::clamp(static_cast<std::size_t>(burst_seconds / first), least_runs, most_runs);
  for (std::size_t run = 0; run < runs; ++run) contender.seconds.push_back(seconds_of(contender.run));
}

std::string formatted(const char* format, double number) {
  char text[32];
  std::snprintf(text, sizeof text, format, number);
  return text;
}

}  // namespace

void take_turns(std::vector<Contender>& contenders, int rounds) {
  const std::size_t count = contenders.size();
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < count; ++i) burst(contenders[round % 2 ? count - 1 - i : i]);
}

double relative_rms(const std::vector<float>& a, const std::vector<float>& b) {
  double differences = 0, squares = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    differences += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    squares += double(b[i]) * b[i];
  }
  const double rms = differences == 0 ? 0 : std::sqrt(differences / squares);
  return a.size() == b.size() && std::isfinite(rms) ? rms : std::numeric_limits<double>::infinity();
}

double Row::rate(double us) const {
  return is_percent() ? setting.flops() / us / 1e3 / peak_gflops * 100 : setting.pool_bytes() / us / 1e3;
}

std::string table(const Context& context, const std::vector<Row>& rows) {
  double peak = 0;
  for (const Row& row : rows) peak = std::max(peak, row.peak_gflops);
  std::string text =
      "Against " + context.peer + "; " + context.isa + " on one thread of \"" + context.cpu + "\", FMA peak " +
      formatted("%.1f", peak) + " GFLOPS; quantile " + formatted("%g", context.quantile) + " of the times of " +
      std::to_string(context.rounds) + " rounds in turn.\n\n" +
      "| layer | batch | pass | algorithm | ours, us | theirs, us (layout) | theirs / ours | ours | theirs |\n" +
      "|---|---|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    const char* const rate = row.is_percent() ? "%.0f%%" : "%.1f GB/s";
    text += std::string("| ") + row.setting.layer.name + " | " + std::to_string(row.setting.batch) + " | " +
            op_name(row.setting.layer, row.setting.pass) + " | " + row.setting.algorithm + " | " +
            formatted("%.1f", row.ours_us) + " | " + formatted("%.1f", row.theirs_us) + " (" + row.theirs + ") | " +
            formatted("%.2f", row.ratio()) + " | " + formatted(rate, row.rate(row.ours_us)) + " | " +
            formatted(rate, row.rate(row.theirs_us)) + " |\n";
  }
  return text;
}

void write_json(const std::string& path, const Context& context, const std::vector<Row>& rows) {
  nlohmann::ordered_json json;
  json["context"] = {{"cpu_model", context.cpu}, {"isa", context.isa},          {"peer", context.peer}, {"threads", 1},
                     {"rounds", context.rounds}, {"quantile", context.quantile}};
  json["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : rows)
    json["rows"].push_back({{"name", row.setting.name()},
                            {"ours_us", row.ours_us},
                            {"theirs_us", row.theirs_us},
                            {"theirs_layout", row.theirs},
                            {"theirs_implementation", row.implementation},
                            {"ratio", row.ratio()},
                            {row.is_percent() ? "ours_percent" : "ours_gbps", row.rate(row.ours_us)},
                            {row.is_percent() ? "theirs_percent" : "theirs_gbps", row.rate(row.theirs_us)},
                            {"peak_gflops", row.peak_gflops},
                            {"relative_rms", row.rms}});
  std::ofstream file(path);
  file << json.dump(2) << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace tilewise::bench
