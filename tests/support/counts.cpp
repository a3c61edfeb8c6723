#include "support/counts.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <stdexcept>

namespace tilewise::test {

namespace {

using CasesOfThings = std::map<std::string, std::uint64_t>;

class Tally {
 public:
  ~Tally() {
    for (const auto& [row, things] : rows_) print(row, things);
  }
  void add(const std::string& row, const std::string& what, std::uint64_t cases) {
    const std::lock_guard lock(mutex_);
    rows_[row][what] += cases;
  }

 private:
  static void print(const std::string& row, const CasesOfThings& things) {
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max(), all = 0;
    for (const auto& thing : things) {
      least = std::min(least, thing.second);
      all += thing.second;
    }
    std::printf("counted: %-34s %4zu x at least %7llu, %9llu in all\n", row.c_str(), things.size(),
                static_cast<unsigned long long>(least), static_cast<unsigned long long>(all));
  }

  std::mutex mutex_;
  std::map<std::string, CasesOfThings> rows_;
};

}  // namespace

std::uint64_t scaled(std::uint64_t count) {
  const char* text = std::getenv("TILEWISE_TEST_SCALE");
  const std::string scale = text ? text : "";
  if (scale.empty()) return count;
  if (scale == "short") return std::max<std::uint64_t>(1, count / 50);
  if (scale == "long") return count * 50;
  throw std::runtime_error("TILEWISE_TEST_SCALE is '" + scale + "'; expected 'short' or 'long'");
}

void count_cases(const std::string& row, const std::string& what, std::uint64_t cases) {
  static Tally tally;
  tally.add(row, what, cases);
}

}  // namespace tilewise::test
