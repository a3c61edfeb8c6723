#include <array>
#include <atomic>
#include <stdexcept>
#include <tilewise/runtime.hpp>

#include "plan/parallel.hpp"
#include "support/catch.hpp"
#include "support/settings.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;

TEST_CASE("every lane is called once, whatever the back end", "[plan]") {
  for (plan::Backend backend : usable_backends()) {
    const ForcedBackend forced(backend);
    for (int lanes : {1, 2, 3, 7, 16})
      for (int repeat = 0; repeat < 20; ++repeat) {
        std::array<std::atomic<int>, 16> calls{};
        plan::run(lanes, [&](int lane) { ++calls[static_cast<std::size_t>(lane)]; });
        for (int lane = 0; lane < 16; ++lane) REQUIRE(calls[static_cast<std::size_t>(lane)] == (lane < lanes ? 1 : 0));
      }
  }
}

TEST_CASE("an exception of a lane comes out of the run, and the next run is as ever", "[plan]") {
  for (plan::Backend backend : usable_backends()) {
    const ForcedBackend forced(backend);
    for (int lanes : {1, 2, 7})
      for (int thrower = 0; thrower < lanes; ++thrower) {
        const auto throwing = [&](int lane) {
          if (lane == thrower) throw std::runtime_error("lane");
        };
        CHECK_THROWS_WITH(plan::run(lanes, throwing), "lane");
        std::atomic<int> calls{0};
        plan::run(lanes, [&](int) { ++calls; });
        CHECK(calls == lanes);
      }
  }
}

TEST_CASE("denormals are flushed in every lane and the caller's mode is as it was", "[plan]") {
  volatile float tiny = 1e-38f;
  std::array<std::atomic<bool>, 4> flushed{};
  plan::run(4, [&](int lane) { flushed[static_cast<std::size_t>(lane)] = tiny * 0.1f == 0; });
  for (const auto& lane : flushed) CHECK(lane);
  CHECK(tiny * 0.1f != 0);
}

TEST_CASE("the number of threads comes from the program, else the environment, else the machine", "[plan]") {
  const char* const variable = "TILEWISE_THREADS";
  {
    const Environment unset(variable, nullptr);
    CHECK(threads() >= 1);
  }
  const Environment three(variable, "3");
  CHECK(threads() == 3);
  CHECK(threads_reason() == variable);
  {
    const Threads five(5);
    CHECK(threads() == 5);
    CHECK(threads_reason() == "set by the program");
  }
  for (const char* wrong : {"0", "-1", "two", "3x", "", "1025", "99999999999"}) {
    const Environment set(variable, wrong);
    CHECK_THROWS_AS(threads(), ArgumentError);
  }
  CHECK_THROWS_AS(set_threads(-1), ArgumentError);
  CHECK_THROWS_AS(set_threads(1025), ArgumentError);
}
