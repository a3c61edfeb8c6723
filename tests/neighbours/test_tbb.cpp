#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "neighbours/deadline.hpp"
#include "neighbours/work.hpp"
#include "plan/parallel.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// More than any machine has.
constexpr int many = 300;

/// How many lanes are at work at once, at most, and on which threads.
class Crowd {
 public:
  void visit() {
    const int now = ++inside_;
    int seen = most_;
    while (now > seen && !most_.compare_exchange_weak(seen, now)) {
    }
    {
      const std::lock_guard lock(mutex_);
      threads_.insert(std::this_thread::get_id());
    }
    ++lanes_;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside_;
  }
  int most() const { return most_; }
  int lanes() const { return lanes_; }
  const std::set<std::thread::id>& threads() const { return threads_; }

 private:
  std::atomic<int> inside_{0}, most_{0}, lanes_{0};
  std::mutex mutex_;
  std::set<std::thread::id> threads_;
};

int threads_of_tbb() {
  return static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism));
}

int threads_of_this_process() {
  int count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
  return count;
}

/// Many calls from within a loop of the caller's own.
int wrong_in_loop(const Predictions& predictions, const std::vector<float>& expected) {
  std::atomic<int> wrong{0};
  tbb::parallel_for(0, static_cast<int>(scaled(100) / 10 + 2), [&](int i) {
    tbb::parallel_for(0, 3, [&](int) { wrong += predictions.are_wrong(); });
    if (i % 4 == 0) wrong += everything(predictions) != expected;
  });
  return wrong;
}

}  // namespace

TEST_CASE("calls from tasks of the caller's, nested, in arenas of any size", "[neighbours][tbb]") {
  const Deadline deadline;
  for (const int count : {1, 2, 16}) {
    const Threads set(count);
    const Predictions predictions;
    const std::vector<float> expected = everything(predictions);
    CHECK(wrong_in_loop(predictions, expected) == 0);
    for (const int concurrency : {1, 2, many}) {
      CAPTURE(count, concurrency);
      tbb::task_arena arena(concurrency), without_a_place_for_us(concurrency, 0);
      for (tbb::task_arena* one : {&arena, &without_a_place_for_us})
        CHECK(one->execute([&] { return wrong_in_loop(predictions, expected); }) == 0);
    }
  }
}

TEST_CASE("calls from enqueued tasks and task groups", "[neighbours][tbb]") {
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  std::atomic<int> wrong{0}, done{0};
  tbb::task_arena arena(2);
  for (int i = 0; i < 20; ++i)
    arena.enqueue([&] {
      wrong += predictions.are_wrong();
      ++done;
    });
  tbb::task_group group;
  for (int i = 0; i < 20; ++i) group.run([&] { wrong += predictions.are_wrong(); });
  group.wait();
  while (done < 20) std::this_thread::yield();
  CHECK(wrong == 0);
}

TEST_CASE("a program that allows TBB no worker", "[neighbours][tbb]") {
  const Deadline deadline;
  const Threads set(2);
  const Predictions predictions;
  const std::vector<float> expected = everything(predictions);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CHECK(everything(predictions) == expected);
  std::thread([&] { CHECK(everything(predictions) == expected); }).join();
}

TEST_CASE("a call takes no more threads than it is asked to, nor than its caller's arena has", "[neighbours][tbb]") {
  const Deadline deadline;
  for (const int threads : {2, 16})
    for (const int concurrency : {1, 2, 3, many}) {
      CAPTURE(threads, concurrency);
      tbb::task_arena(concurrency).execute([&] {
        Crowd crowd;
        plan::run(16, threads, [&](int) { crowd.visit(); });
        CHECK(crowd.lanes() == 16);
        CHECK(crowd.most() <= std::min({threads, concurrency, threads_of_tbb()}));
        if (concurrency == 1) CHECK(crowd.threads() == std::set{std::this_thread::get_id()});
      });
    }
}

TEST_CASE("all calls together take the callers' threads and those of TBB, no more", "[neighbours][tbb]") {
  const Deadline deadline;
  constexpr int callers = 6;
  Crowd in_tasks, in_threads;
  tbb::parallel_for(0, 20, [&](int) { plan::run(16, [&](int) { in_tasks.visit(); }); });
  CHECK(in_tasks.lanes() == 20 * 16);
  CHECK(in_tasks.most() <= threads_of_tbb());
  const int before = threads_of_this_process();
  int during = 0;
  {
    std::vector<std::jthread> threads;
    for (int caller = 0; caller < callers; ++caller)
      threads.emplace_back([&] {
        for (int round = 0; round < 5; ++round) plan::run(16, [&](int) { in_threads.visit(); });
      });
    while (in_threads.lanes() < callers * 5 * 16) during = std::max(during, threads_of_this_process());
  }
  CHECK(in_threads.most() <= callers + threads_of_tbb() - 1);
  CHECK(during <= before + callers + threads_of_tbb() - 1);
}

TEST_CASE("no task of the caller's runs inside a call", "[neighbours][tbb]") {
  const Deadline deadline;
  static thread_local bool calling = false;
  std::atomic<int> within{0};
  std::mutex mutex;  // a task that ran inside would lock it twice
  tbb::parallel_for(0, 200, [&](int) {
    within += calling;
    const std::lock_guard lock(mutex);
    calling = true;
    plan::run(8, [](int) { std::this_thread::sleep_for(std::chrono::microseconds(100)); });
    calling = false;
  });
  CHECK(within == 0);
}

TEST_CASE("a task group that is cancelled meanwhile cuts no call short", "[neighbours][tbb]") {
  const Deadline deadline;
  std::atomic<int> calls{0}, lanes{0};
  tbb::task_group_context cancelled;
  tbb::parallel_for(
      0, 20,
      [&](int) {
        ++calls;
        cancelled.cancel_group_execution();
        plan::run(8, [&](int) { ++lanes; });
      },
      cancelled);
  CHECK(calls > 0);
  CHECK(lanes == 8 * calls);
}

TEST_CASE("an exception of a callback goes through the caller's tasks, and all is usable", "[neighbours][tbb]") {
  const Deadline deadline;
  const Threads set(2);
  struct Thrower : Callback {
    bool on_batch_end(const BatchRecord& record) override {
      if (record.batch == 2) throw std::runtime_error("enough");
      return true;
    }
  };
  const Predictions predictions;
  const std::vector<float> expected = everything(predictions);
  CHECK_THROWS_WITH(tbb::parallel_for(0, 8,
                                      [&](int) {
                                        Thrower thrower;
                                        trained_weights({&thrower});
                                      }),
                    "enough");
  CHECK(wrong_in_loop(predictions, expected) == 0);
}
