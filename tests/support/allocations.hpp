#pragma once

#include <cstdint>

namespace tilewise::test {

/// What went through global operator new, in all threads, since the last reset. Replaced for the whole test program.
struct Allocations {
  static void reset() noexcept;
  static std::int64_t count() noexcept;
  static std::int64_t largest_bytes() noexcept;
  /// False under the sanitizers, whose operator new is left alone: the counts stay 0.
  static bool counted() noexcept;
};

}  // namespace tilewise::test
