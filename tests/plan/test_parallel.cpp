#include <array>
#include <atomic>
#include <cstdlib>
#include <tilewise/runtime.hpp>

#include "plan/parallel.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;

TEST_CASE("every lane is called once, whatever the back end", "[plan]") {
  for (plan::Backend backend : {plan::Backend::tbb, plan::Backend::threads}) {
    plan::set_backend(backend);
    for (int lanes : {1, 2, 3, 7, 16})
      for (int repeat = 0; repeat < 20; ++repeat) {
        std::array<std::atomic<int>, 16> calls{};
        plan::run(lanes, [&](int lane) { ++calls[static_cast<std::size_t>(lane)]; });
        for (int lane = 0; lane < 16; ++lane) REQUIRE(calls[static_cast<std::size_t>(lane)] == (lane < lanes ? 1 : 0));
      }
  }
  plan::set_backend(plan::Backend::tbb);
}

TEST_CASE("denormals are flushed in every lane and the caller's mode is as it was", "[plan]") {
  volatile float tiny = 1e-38f;
  std::array<std::atomic<bool>, 4> flushed{};
  plan::run(4, [&](int lane) { flushed[static_cast<std::size_t>(lane)] = tiny * 0.1f == 0; });
  for (const auto& lane : flushed) CHECK(lane);
  CHECK(tiny * 0.1f != 0);
}

TEST_CASE("the number of threads comes from the program, else the environment, else the machine", "[plan]") {
  const char* saved = std::getenv("TILEWISE_THREADS");
  const std::string before = saved ? saved : "";
  unsetenv("TILEWISE_THREADS");
  CHECK(threads() >= 1);
  setenv("TILEWISE_THREADS", "3", 1);
  CHECK(threads() == 3);
  CHECK(threads_reason() == "TILEWISE_THREADS");
  set_threads(5);
  CHECK(threads() == 5);
  set_threads(0);
  for (const char* wrong : {"0", "-1", "two", "3x", "", "1025", "99999999999"}) {
    setenv("TILEWISE_THREADS", wrong, 1);
    CHECK_THROWS_AS(threads(), ArgumentError);
  }
  CHECK_THROWS_AS(set_threads(-1), ArgumentError);
  CHECK_THROWS_AS(set_threads(1025), ArgumentError);
  if (saved)
    setenv("TILEWISE_THREADS", before.c_str(), 1);
  else
    unsetenv("TILEWISE_THREADS");
}
