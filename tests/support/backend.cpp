#include "support/backend.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

#include "plan/shares.hpp"

namespace tilewise::test {

namespace {

/// Before main(), which is Catch's. What is wrong with the variable is said by the tests.
[[maybe_unused]] const bool set = [] {
  const char* text = std::getenv("TILEWISE_TEST_BACKEND");
  if (text && std::string(text) == "threads") plan::set_backend(plan::Backend::threads);
  plan::least_lane_seconds = 0;
  return true;
}();

}  // namespace

plan::Backend usual_backend() {
  const char* text = std::getenv("TILEWISE_TEST_BACKEND");
  const std::string name = text ? text : "tbb";
  if (name == "tbb") return plan::Backend::tbb;
  if (name == "threads") return plan::Backend::threads;
  throw std::runtime_error("TILEWISE_TEST_BACKEND is '" + name + "'; expected 'tbb' or 'threads'");
}

std::vector<plan::Backend> usable_backends() {
  if (usual_backend() == plan::Backend::threads) return {plan::Backend::team, plan::Backend::threads};
  return {plan::Backend::tbb, plan::Backend::team, plan::Backend::threads};
}

}  // namespace tilewise::test
