#include "plan/parallel.hpp"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "base/flush_denormals.hpp"

namespace tilewise::plan {

namespace {

std::atomic<Backend> chosen_backend{Backend::tbb};

void run_lane(const LaneFunction& function, int lane) {
  const base::FlushDenormals flush;
  function.call(function.context, lane);
}

/// Each calling thread keeps the arena that it used last: making one allocates. An arena of one's own keeps other tasks
/// out. TBB has no more workers than CPUs; lanes beyond these follow one another.
void run_on_tbb(int lanes, int threads, const LaneFunction& function) {
  struct Arena {
    int concurrency;
    tbb::task_arena arena;
  };
  static thread_local std::optional<Arena> kept;
  const int concurrency = std::min(threads, tbb::info::default_concurrency());
  if (!kept || kept->concurrency != concurrency) kept.emplace(Arena{concurrency, tbb::task_arena(concurrency)});
  kept->arena.execute([&] {
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(
          tbb::blocked_range<int>(0, lanes, 1),
          [&](const tbb::blocked_range<int>& range) {
            for (int lane = range.begin(); lane != range.end(); ++lane) run_lane(function, lane);
          },
          tbb::static_partitioner{});
    });
  });
}

void run_on_threads(int lanes, const LaneFunction& function) {
  std::vector<int> order(static_cast<std::size_t>(lanes));
  for (int lane = 0; lane < lanes; ++lane) order[static_cast<std::size_t>(lane)] = lane;
  static thread_local std::minstd_rand shuffler;
  std::shuffle(order.begin(), order.end(), shuffler);
  std::vector<std::jthread> threads;  // joins, also if one cannot be started
  for (int lane : order) threads.emplace_back([&function, lane] { run_lane(function, lane); });
}

}  // namespace

void run(int lanes, int threads, LaneFunction function) {
  if (lanes == 1) return run_lane(function, 0);
  if (chosen_backend.load(std::memory_order_relaxed) == Backend::tbb)
    run_on_tbb(lanes, threads, function);
  else
    run_on_threads(lanes, function);
}

void set_backend(Backend backend) noexcept {
  chosen_backend.store(backend, std::memory_order_relaxed);
}

}  // namespace tilewise::plan
