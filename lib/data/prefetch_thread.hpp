#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

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
  /// `fill` threw, after the batches before it, until the next start_epoch().
  std::int64_t next();

 private:
  void run();

  const std::int64_t slots_;
  const std::int64_t batches_;
  const Fill fill_;

  std::mutex mutex_;  // for all that follows
  std::condition_variable work_;
  std::condition_variable ready_;
  bool stop_ = false;
  std::uint64_t starts_ = 0;  // how often an epoch was started
  std::int64_t epoch_ = 0;
  // Counts of this epoch: released <= taken <= filled <= released + slots_.
  std::int64_t filled_;
  std::int64_t taken_;
  std::int64_t released_;
  std::exception_ptr error_;

  std::thread thread_;
};

}  // namespace tilewise::data
