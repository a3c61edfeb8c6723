#include "base/fork.hpp"

#include <pthread.h>

#include <atomic>
#include <new>

namespace tilewise::base {

namespace {

std::atomic<int> count{0};
struct Kept {
  void* object;
  Kept* next;
};
std::atomic<Kept*> all_kept{nullptr};
/// Held for reading by each NoFork, for writing by a fork. Reading may nest: glibc's default lets readers pass a writer
/// that waits.
pthread_rwlock_t gate = PTHREAD_RWLOCK_INITIALIZER;

void before_fork() noexcept {
  pthread_rwlock_wrlock(&gate);
}
void after_fork_in_parent() noexcept {
  pthread_rwlock_unlock(&gate);
}
/// The lock remembers its writer by a thread id that the child does not have: it begins anew.
void after_fork_in_child() noexcept {
  pthread_rwlock_init(&gate, nullptr);
  count.fetch_add(1, std::memory_order_relaxed);
}

/// Before main(), when there is one thread: registered later, it would itself be cut in two by some fork.
[[maybe_unused]] const int registered = pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);

}  // namespace

int fork_count() noexcept {
  return count.load(std::memory_order_relaxed);
}

void keep_for_good(void* object) noexcept {
  Kept* const kept = new (std::nothrow) Kept{object, all_kept.load(std::memory_order_relaxed)};
  while (kept && !all_kept.compare_exchange_weak(kept->next, kept, std::memory_order_release)) {
  }
}

NoFork::NoFork() noexcept {
  pthread_rwlock_rdlock(&gate);
}
NoFork::~NoFork() {
  pthread_rwlock_unlock(&gate);
}

}  // namespace tilewise::base
