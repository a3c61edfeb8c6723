#pragma once

#include <string>

// Catch2 2 (Debian 12) and 3 (Debian 13), and one name for what they name differently.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
/// Matches text that has `part` in it: CHECK_THROWS_WITH(f(), contains("expected 4")).
inline auto contains(const std::string& part) {
  return Catch::Matchers::ContainsSubstring(part);
}
#else
#include <catch2/catch.hpp>
inline auto contains(const std::string& part) {
  return Catch::Contains(part);
}
#endif
