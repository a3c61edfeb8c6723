#pragma once

// Catch2 2 (Debian 12) and 3 (Debian 13) behind one name.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
namespace tilewise::test {
inline auto contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }
}  // namespace tilewise::test
#else
#include <catch2/catch.hpp>
namespace tilewise::test {
inline auto contains(const std::string& text) { return Catch::Matchers::Contains(text); }
}  // namespace tilewise::test
#endif
