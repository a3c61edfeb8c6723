#include <unistd.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "neighbours/deadline.hpp"
#include "neighbours/work.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// Calls work(number) on so many threads at once.
template <class F>
void on_threads(int count, const F& work) {
  std::vector<std::jthread> threads;
  for (int number = 0; number < count; ++number) threads.emplace_back(work, number);
}

/// Threads of the program's own that never rest, one more than there are CPUs.
class BusyPool {
 public:
  BusyPool() {
    for (unsigned i = 0; i < std::thread::hardware_concurrency() + 1; ++i)
      threads_.emplace_back([](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
        }
      });
  }

 private:
  std::vector<std::jthread> threads_;
};

/// Bytes of this process in memory.
std::int64_t resident_bytes() {
  std::int64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

}  // namespace

TEST_CASE("a thousand predictions of one const model by eight threads", "[neighbours]") {
  const Deadline deadline;
  const Threads set(3);
  const Predictions few(5), many(40);
  std::atomic<int> wrong{0};
  const auto rounds = static_cast<int>(scaled(1000) / 8 + 1);
  on_threads(8, [&](int number) {
    for (int round = 0; round < rounds; ++round) wrong += ((number + round) % 2 ? few : many).are_wrong();
  });
  CHECK(wrong == 0);
  count_cases("many threads on one const model", "predictions", static_cast<std::uint64_t>(8 * rounds));
}

TEST_CASE("several trainers at once, beside predictions and single operations", "[neighbours]") {
  const Deadline deadline;
  const Threads set(3);
  const Predictions predictions;
  const std::vector<float> weights = trained_weights(), gradients = convolution_gradients();
  std::atomic<int> wrong{0};
  const auto rounds = static_cast<int>(scaled(100) / 4 + 1);
  on_threads(6, [&](int number) {
    for (int round = 0; round < rounds; ++round) {
      if (number < 4) wrong += trained_weights() != weights;
      if (number == 4) wrong += convolution_gradients() != gradients;
      if (number == 5) wrong += predictions.are_wrong();
    }
  });
  CHECK(wrong == 0);
  count_cases("several trainers at once", "trainings", static_cast<std::uint64_t>(4 * rounds));
}

TEST_CASE("beside a pool that leaves no CPU idle", "[neighbours]") {
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  const std::vector<float> expected = everything(predictions);
  const BusyPool busy;
  for (std::uint64_t round = 0; round < scaled(20); ++round) REQUIRE(everything(predictions) == expected);
}

TEST_CASE("a team of threads that meets at barriers, as OpenMP's do, calls between them", "[neighbours]") {
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  std::atomic<int> wrong{0};
  constexpr int team = 4;
  std::barrier meet(team);
  on_threads(team, [&](int) {
    for (std::uint64_t phase = 0; phase < scaled(100); ++phase) {
      wrong += predictions.are_wrong();
      meet.arrive_and_wait();
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("an exception of a callback leaves the model where it was, and usable", "[neighbours]") {
  const Deadline deadline;
  struct StopAt : Callback {
    bool throws = false;
    bool on_batch_end(const BatchRecord& record) override {
      if (throws && record.batch == 3) throw std::runtime_error("enough");
      return record.batch < 3;
    }
  };
  const Pipeline data = striped_images(small_shape(), 3, 100).shuffle(50).batch(16).prefetch();
  const auto weights_after = [&](bool throws) {
    const Threads set(2);
    Sequential model(small_layers());
    model.compile(with_accuracy());
    StopAt callback;
    callback.throws = throws;
    if (throws)
      CHECK_THROWS_WITH(model.fit(data, {.callbacks = {&callback}}), "enough");
    else
      model.fit(data, {.callbacks = {&callback}});
    model.fit(data);
    return all_weights(model);
  };
  CHECK(weights_after(true) == weights_after(false));
}

TEST_CASE("threads leave nothing behind", "[neighbours][tbb]") {
  if (!Allocations::counted()) return;  // the sanitizers keep what was freed
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  std::atomic<int> wrong{0};
  const auto short_lives = [&](std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) on_threads(1, [&](int) { wrong += predictions.are_wrong(); });
  };
  short_lives(scaled(100));
  const std::int64_t before = resident_bytes();
  short_lives(scaled(1000));
  // An arena of TBB has 9 kB. At the short scale it may be an emulator's memory, in which translated code comes to lie.
  if (scaled(1000) >= 1000) CHECK(resident_bytes() - before < 2'000'000);
  CHECK(wrong == 0);
}
