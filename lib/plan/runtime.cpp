#include "tilewise/runtime.hpp"

#include <sched.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "base/fork.hpp"
#include "plan/cpu_quota.hpp"
#include "tilewise/error.hpp"

namespace tilewise {

namespace {

constexpr int max_threads = 1024;
constexpr int not_set = -1;
std::atomic<int> thread_setting{0};
std::atomic<int> isa_setting{not_set};

int affinity_cpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
}

/// Read once: a limit is set before a program starts.
const std::optional<double>& quota() {
  const base::NoFork while_it_is_read;
  static const std::optional<double> quota = plan::cpu_quota();
  return quota;
}

}  // namespace

int threads() {
  if (const int count = thread_setting.load()) return count;
  if (const char* text = std::getenv("TILEWISE_THREADS")) {
    int count = 0;
    const char* end = text + std::strlen(text);
    const auto [rest, error] = std::from_chars(text, end, count);
    if (error != std::errc{} || rest != end || count < 1 || count > max_threads)
      throw ArgumentError("TILEWISE_THREADS is '" + std::string(text) + "'; expected a number from 1 to " +
                          std::to_string(max_threads));
    return count;
  }
  return plan::default_threads(affinity_cpus(), quota());
}

void set_threads(int count) {
  if (count < 0 || count > max_threads)
    throw ArgumentError(std::to_string(count) + " threads; expected 1 to " + std::to_string(max_threads) +
                        ", or 0 for the default");
  thread_setting = count;
}

std::string threads_reason() {
  if (thread_setting.load()) return "set by the program";
  if (std::getenv("TILEWISE_THREADS")) return "TILEWISE_THREADS";
  return plan::default_threads_reason(affinity_cpus(), quota());
}

Isa isa() {
  const int setting = isa_setting.load();
  return setting == not_set ? default_isa() : static_cast<Isa>(setting);
}

void set_isa(Isa isa) {
  isa_setting = static_cast<int>(require_isa(isa_name(isa)));
}

}  // namespace tilewise
