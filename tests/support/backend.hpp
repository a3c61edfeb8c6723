#pragma once

#include <vector>

#include "plan/parallel.hpp"

namespace tilewise::test {

/// What the tests run on: oneTBB, or, for TILEWISE_TEST_BACKEND=threads, a std::thread a lane. That is for
/// ThreadSanitizer, which does not understand what TBB's own library does. Throws std::runtime_error for another word.
plan::Backend usual_backend();

/// Those that may be used beside it: with threads for everything, TBB is never touched.
std::vector<plan::Backend> usable_backends();

}  // namespace tilewise::test
