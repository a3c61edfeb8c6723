#pragma once

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "plan/parallel.hpp"

namespace tilewise::plan {

/// A thread that calls and helpers of its own, which wait for its next run: what stands in for TBB in the child of a
/// fork.
class Team {
 public:
  /// So many with the caller; fewer if the system starts no more.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const noexcept { return threads_; }
  /// Calls function on each lane in [0, lanes). Rethrows the first exception when all are done. For one thread at a
  /// time.
  void run(int lanes, const LaneFunction& function);

 private:
  void help();
  /// Runs lanes until none is left.
  void take_lanes(std::unique_lock<std::mutex>& lock);

  const int threads_;
  std::mutex mutex_;  // for what follows
  std::condition_variable begun_, finished_;
  bool stop_ = false;
  const LaneFunction* function_ = nullptr;
  int lanes_ = 0, next_lane_ = 0, unfinished_ = 0;
  std::exception_ptr error_;

  std::vector<std::thread> helpers_;
};

}  // namespace tilewise::plan
