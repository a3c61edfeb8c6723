#pragma once

#include <cstdint>
#include <string>

/// How much the tests do, and what they have done.
namespace tilewise::test {

/// A count of the written test plan, scaled by TILEWISE_TEST_SCALE: "short" takes a fiftieth (for emulators), "long"
/// fifty times as many. At least 1. Throws std::runtime_error for any other scale.
std::uint64_t scaled(std::uint64_t count);

/// Whether that is "short": what takes plain loops long is then made small.
inline bool is_short_scale() {
  return scaled(50) < 50;
}

/// Adds `cases` that were checked of `what` ("conv_tile/avx2") to a row of the test plan ("exact integers"). At the end
/// of the program each row is printed: of how many things, how many cases of each at least, and how many in all.
void count_cases(const std::string& row, const std::string& what, std::uint64_t cases);

}  // namespace tilewise::test
