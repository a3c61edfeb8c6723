#pragma once

#include <cstdint>
#include <cstdlib>

namespace tilewise::test {

/// The seed of all random tests: TILEWISE_TEST_SEED, or 1.
inline std::uint64_t seed() {
  const char* text = std::getenv("TILEWISE_TEST_SEED");
  return text ? std::strtoull(text, nullptr, 10) : 1;
}

}  // namespace tilewise::test
