#include "plan/parallel.hpp"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "base/flush_denormals.hpp"
#include "base/fork.hpp"
#include "plan/team.hpp"

namespace tilewise::plan {

namespace {

std::atomic<Backend> chosen_backend{Backend::tbb};

void run_lane(const LaneFunction& function, int lane) {
  const base::FlushDenormals flush;
  function.call(function.context, lane);
}

/// TBB does not survive a fork: its workers are gone, and its locks may be held by them. A child whose parent had TBB
/// at work for us never touches it.
bool tbb_is_whole() noexcept {
  constexpr int unused = -1;
  static std::atomic<int> used_since{unused};
  int since = used_since.load(std::memory_order_relaxed);
  if (since == unused) used_since.store(since = base::fork_count(), std::memory_order_relaxed);
  return since == base::fork_count();
}

/// What a calling thread last computed with, made for a number of threads: making one allocates. What a fork left
/// without its threads is not even destroyed.
template <class T>
class Kept {
 public:
  Kept() = default;
  ~Kept() { leave_lost(); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  T& of(int concurrency) {
    leave_lost();
    if (!kept_ || concurrency_ != concurrency) kept_ = std::make_unique<T>(concurrency);
    concurrency_ = concurrency;
    return *kept_;
  }

 private:
  void leave_lost() noexcept {
    if (forks_ != base::fork_count()) (void)kept_.release();
    forks_ = base::fork_count();
  }

  int forks_ = base::fork_count();
  int concurrency_ = 0;
  std::unique_ptr<T> kept_;
};

/// No more than TBB's workers and the caller, nor than the arena that the caller is in has room for.
int concurrency_for(int threads) {
  return std::min({threads, tbb::info::default_concurrency(), tbb::this_task_arena::max_concurrency()});
}

/// An arena of one's own keeps the caller's tasks out, a context of one's own the cancelling of theirs. Lanes beyond
/// the concurrency follow one another.
void run_on_tbb(int lanes, int threads, const LaneFunction& function) {
  const int concurrency = concurrency_for(threads);
  if (concurrency == 1) {
    for (int lane = 0; lane < lanes; ++lane) run_lane(function, lane);
    return;
  }
  static thread_local Kept<tbb::task_arena> kept;
  kept.of(concurrency).execute([&] {
    tbb::task_group_context context(tbb::task_group_context::isolated);
    tbb::parallel_for(
        tbb::blocked_range<int>(0, lanes, 1),
        [&](const tbb::blocked_range<int>& range) {
          for (int lane = range.begin(); lane != range.end(); ++lane) run_lane(function, lane);
        },
        tbb::static_partitioner{}, context);
  });
}

void run_on_team(int lanes, int threads, const LaneFunction& function) {
  static thread_local Kept<Team> kept;
  kept.of(threads).run(lanes, function);
}

void run_on_threads(int lanes, const LaneFunction& function) {
  std::vector<int> order(static_cast<std::size_t>(lanes));
  std::iota(order.begin(), order.end(), 0);
  static thread_local std::minstd_rand shuffler;
  std::shuffle(order.begin(), order.end(), shuffler);
  std::vector<std::exception_ptr> errors(order.size());
  {
    std::vector<std::jthread> threads;  // joins, also if one cannot be started
    for (int lane : order)
      threads.emplace_back([&, lane] {
        try {
          run_lane(function, lane);
        } catch (...) {
          errors[static_cast<std::size_t>(lane)] = std::current_exception();
        }
      });
  }
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

Backend backend() noexcept {
  const Backend chosen = chosen_backend.load(std::memory_order_relaxed);
  return chosen == Backend::tbb && !tbb_is_whole() ? Backend::team : chosen;
}

}  // namespace

void run(int lanes, int threads, LaneFunction function) {
  if (lanes == 1) return run_lane(function, 0);
  switch (backend()) {
    case Backend::tbb:
      return run_on_tbb(lanes, threads, function);
    case Backend::team:
      return run_on_team(lanes, threads, function);
    case Backend::threads:
      return run_on_threads(lanes, function);
  }
}

void set_backend(Backend backend) noexcept {
  chosen_backend.store(backend, std::memory_order_relaxed);
}

}  // namespace tilewise::plan
