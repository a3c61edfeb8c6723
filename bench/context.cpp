#include <benchmark/benchmark.h>

#include "cli/machine.hpp"
#include "tilewise/version.hpp"

// What the head of a report says besides what Google Benchmark finds.
namespace tilewise::bench {
namespace {

bool add_context() {
  benchmark::AddCustomContext("cpu_model", cli::cpu_name());
  benchmark::AddCustomContext("tilewise", std::string(version()));
  return true;
}

const bool added = add_context();

}  // namespace
}  // namespace tilewise::bench
