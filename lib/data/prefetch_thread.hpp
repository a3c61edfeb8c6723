#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>

namespace tilewise::data {

/// A thread that fills the slots of a ring with the batches of an epoch, in order, ahead of their use. It knows their
/// numbers only.
class PrefetchThread {
 public:
  /// Called on the thread; batch 0 begins an epoch, then come 1, 2, ... unless another epoch is started before the end.
  using Fill = std::function<void(std::int64_t epoch, std::int64_t batch, std::int64_t slot)>;

  PrefetchThread(std::int64_t slots, std::int64_t batches, Fill fill);
  /// Waits for at most one call of `fill`.
  ~PrefetchThread();
  PrefetchThread(const PrefetchThread&) = delete;
  PrefetchThread& operator=(const PrefetchThread&) = delete;

  void start_epoch(std::int64_t epoch);
  /// The slot of the next batch, which may be read until the following call; -1 at the end of the epoch. Rethrows what
  /// `fill` threw, after the batches before it, until the next start_epoch(). A fork leaves the thread behind: in the
  /// child a new one fills the epoch from its batch 0 up to where this one was.
  std::int64_t next();

 private:
  class Ring;

  Ring& ring();

  const std::int64_t slots_;
  const std::int64_t batches_;
  const Fill fill_;
  std::unique_ptr<Ring> ring_;
};

}  // namespace tilewise::data
