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
#include <mutex>
#include <new>
#include <numeric>
#include <random>
#include <thread>
#include <utility>
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

/// Arenas that no thread computes in. Making one allocates; and TBB frees one only when a worker comes by, which on a
/// busy machine takes longer than threads take to come and go.
class FreeArenas {
 public:
  std::unique_ptr<tbb::task_arena> take(int concurrency) {
    {
      const std::lock_guard lock(mutex_);
      const auto fits = [&](const auto& arena) { return arena->max_concurrency() == concurrency; };
      const auto found = std::find_if(arenas_.begin(), arenas_.end(), fits);
      if (found != arenas_.end()) {
        std::swap(*found, arenas_.back());
        std::unique_ptr<tbb::task_arena> arena = std::move(arenas_.back());
        arenas_.pop_back();
        return arena;
      }
    }
    return std::make_unique<tbb::task_arena>(concurrency);
  }
  void give_back(std::unique_ptr<tbb::task_arena> arena) noexcept try {
    const std::lock_guard lock(mutex_);
    arenas_.push_back(std::move(arena));
  } catch (const std::bad_alloc&) {
    // Without memory for the list the arena is dropped.
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<tbb::task_arena>> arenas_;
};

/// Never destroyed: threads may compute as long as the process lives.
FreeArenas& free_arenas() {
  static FreeArenas& arenas = *new FreeArenas;
  return arenas;
}

/// The arena that a calling thread used last.
class KeptArena {
 public:
  KeptArena() = default;
  ~KeptArena() { put_back(); }
  KeptArena(const KeptArena&) = delete;
  KeptArena& operator=(const KeptArena&) = delete;

  tbb::task_arena& of(int concurrency) {
    if (!arena_ || arena_->max_concurrency() != concurrency) {
      put_back();
      arena_ = free_arenas().take(concurrency);
    }
    return *arena_;
  }

 private:
  void put_back() noexcept {
    if (forks_ != base::fork_count()) base::leave_alone(arena_);
    if (arena_) free_arenas().give_back(std::move(arena_));
  }

  const int forks_ = base::fork_count();
  std::unique_ptr<tbb::task_arena> arena_;
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
  static thread_local KeptArena kept;
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

/// The team that a calling thread used last.
class KeptTeam {
 public:
  KeptTeam() = default;
  ~KeptTeam() { leave_lost(); }
  KeptTeam(const KeptTeam&) = delete;
  KeptTeam& operator=(const KeptTeam&) = delete;

  Team& of(int threads) {
    leave_lost();
    if (!team_ || team_->threads() != threads) {
      team_.reset();
      team_ = std::make_unique<Team>(threads);
    }
    return *team_;
  }

 private:
  void leave_lost() noexcept {
    if (forks_ != base::fork_count()) base::leave_alone(team_);
    forks_ = base::fork_count();
  }

  int forks_ = base::fork_count();
  std::unique_ptr<Team> team_;
};

void run_on_team(int lanes, int threads, const LaneFunction& function) {
  static thread_local KeptTeam kept;
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
