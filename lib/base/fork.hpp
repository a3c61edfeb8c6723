#pragma once

#include <memory>
#include <mutex>

namespace tilewise::base {

/// How many forks lie between the start of the program and this process. What was made at a smaller count has lost its
/// threads: only the one that called fork() lives on in the child.
int fork_count() noexcept;

/// Holds on to an object, in any thread, until the process ends.
void keep_for_good(void* object) noexcept;

/// For what a fork left without its threads. It can be neither used nor destroyed: its locks may be closed, and its end
/// would wait for its threads. It stays where a leak checker sees that it is not forgotten.
template <class T>
void leave_alone(std::unique_ptr<T>& lost) noexcept {
  if (lost) keep_for_good(lost.release());
}

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
