#pragma once

#include <mutex>

namespace tilewise::base {

/// How many forks lie between the start of the program and this process. What was made at a smaller count has lost its
/// threads: only the one that called fork() lives on in the child.
int fork_count() noexcept;

/// While one lives, fork() waits, in whichever thread it is called: so that no child begins with a lock that a thread
/// it does not have will never open. For short sections that do not fork. They may nest, and many threads may be in
/// theirs.
class NoFork {
 public:
  NoFork() noexcept;
  ~NoFork();
  NoFork(const NoFork&) = delete;
  NoFork& operator=(const NoFork&) = delete;
};

/// A mutex that is free in every child.
class ForkSafeMutex {
 public:
  /// std::lock_guard, within a NoFork.
  class Guard {
   public:
    explicit Guard(ForkSafeMutex& mutex) : lock_(mutex.mutex_) {}

   private:
    const NoFork no_fork_;
    const std::lock_guard<std::mutex> lock_;
  };

 private:
  std::mutex mutex_;
};

}  // namespace tilewise::base
