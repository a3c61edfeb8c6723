#include <fmt/core.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "machine.hpp"
#include "plan/peak.hpp"
#include "tilewise/tilewise.hpp"

namespace tilewise::cli {

namespace {

/// A choice that the environment can spoil: then `problem` says how.
struct Choice {
  std::string value, why, problem;
};

struct Peak {
  std::string isa;
  double gflops;  ///< of one core
};

struct Findings {
  std::string cpu;
  std::vector<std::string> isas;
  Choice isa, threads;
  std::vector<Peak> peaks;
  std::vector<datasets::Found> data_sets;

  bool healthy() const { return isa.problem.empty() && threads.problem.empty(); }
};

template <class F>
Choice choose(F f) {
  try {
    return f();
  } catch (const Error& error) {
    return {.value = {}, .why = {}, .problem = error.what()};
  }
}

Findings examine() {
  Findings findings;
  findings.cpu = cpu_name();
  for (Isa isa : available_isas()) {
    findings.isas.emplace_back(isa_name(isa));
    // The reference calls fma() one number at a time: its rate says nothing about the machine.
    if (isa != Isa::reference) findings.peaks.push_back({std::string(isa_name(isa)), plan::measure_fma_peak(isa)});
  }
  findings.isa = choose([] {
    const char* forced = std::getenv("TILEWISE_ISA");
    const bool is_forced = forced && *forced;
    return Choice{.value = std::string(isa_name(isa())),
                  .why = is_forced ? "TILEWISE_ISA" : "the widest that this CPU and this build have",
                  .problem = {}};
  });
  findings.threads =
      choose([] { return Choice{.value = std::to_string(threads()), .why = threads_reason(), .problem = {}}; });
  findings.data_sets = datasets::find_all();
  return findings;
}

std::string join(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

std::string describe(const Choice& choice) {
  return choice.problem.empty() ? fmt::format("{}  ({})", choice.value, choice.why) : "PROBLEM: " + choice.problem;
}

std::string describe(const datasets::Found& found) {
  if (found.complete) return found.folder;
  const std::string advice = found.debian_package.empty() ? "" : "; apt-get install " + found.debian_package;
  if (found.folder.empty()) return "not found" + advice;
  return found.folder + " lacks " + join(found.missing, ", ") + advice;
}

void print_text(const Findings& findings) {
  const auto row = [](const std::string& name, const std::string& text) { fmt::print("{:<10} {}\n", name, text); };
  row("tilewise", std::string(version()));
  row("CPU", findings.cpu);
  row("ISAs", join(findings.isas, " "));
  row("ISA", describe(findings.isa));
  row("threads", describe(findings.threads));
  std::string name = "FMA peak";
  for (const Peak& peak : findings.peaks)
    row(std::exchange(name, ""), fmt::format("{:<8} {:7.1f} GFLOPS on one core", peak.isa, peak.gflops));
  name = "data sets";
  for (const datasets::Found& found : findings.data_sets)
    row(std::exchange(name, ""), fmt::format("{:<14} {}", found.name, describe(found)));
}

nlohmann::json to_json(const Choice& choice) {
  if (!choice.problem.empty()) return {{"problem", choice.problem}};
  return {{"value", choice.value}, {"why", choice.why}};
}

void print_json(const Findings& findings) {
  nlohmann::json json{{"version", version()},
                      {"cpu", findings.cpu},
                      {"isas", findings.isas},
                      {"isa", to_json(findings.isa)},
                      {"threads", to_json(findings.threads)},
                      {"fma_peak_gflops", nlohmann::json::object()},
                      {"data_sets", nlohmann::json::array()}};
  if (findings.threads.problem.empty()) json["threads"]["value"] = std::stoi(findings.threads.value);
  for (const Peak& peak : findings.peaks) json["fma_peak_gflops"][peak.isa] = peak.gflops;
  for (const datasets::Found& found : findings.data_sets)
    json["data_sets"].push_back({{"name", found.name},
                                 {"complete", found.complete},
                                 {"folder", found.folder},
                                 {"missing", found.missing},
                                 {"debian_package", found.debian_package}});
  constexpr int indent = 2;
  fmt::print("{}\n", json.dump(indent));
}

}  // namespace

void add_doctor(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("doctor", "What this machine has, what tilewise makes of it, and why");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([as_json, &action] {
    action = [as_json] {
      const Findings findings = examine();
      if (*as_json)
        print_json(findings);
      else
        print_text(findings);
      return findings.healthy() ? success : wrong_use;
    };
  });
}

}  // namespace tilewise::cli
