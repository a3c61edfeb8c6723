#include "data/prefetch_thread.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/fork.hpp"

namespace tilewise::data {

/// The thread, and what it shares with the one that takes the batches.
class PrefetchThread::Ring {
 public:
  explicit Ring(const PrefetchThread& owner)
      : owner_(owner), filled_(owner.batches_), taken_(owner.batches_), released_(owner.batches_), thread_([this] {
          run();
        }) {}
  /// In the child of a fork: goes on where `lost` was.
  Ring(const PrefetchThread& owner, const Ring& lost)
      : owner_(owner), epoch_(lost.epoch_), filled_(0), taken_(lost.taken_), released_(lost.taken_), thread_([this] {
          run();
        }) {}
  ~Ring() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_.notify_one();
    thread_.join();
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool has_thread() const noexcept { return forks_ == base::fork_count(); }
  void start_epoch(std::int64_t epoch);
  std::int64_t next();

 private:
  void run();

  const PrefetchThread& owner_;
  const int forks_ = base::fork_count();

  std::mutex mutex_;  // for all that follows
  std::condition_variable work_;
  std::condition_variable ready_;
  bool stop_ = false;
  std::uint64_t starts_ = 0;  // how often an epoch was started
  std::int64_t epoch_ = 0;
  // Counts of this epoch: released <= taken <= filled <= released + slots; filled comes from behind after a fork.
  std::int64_t filled_;
  std::int64_t taken_;
  std::int64_t released_;
  std::exception_ptr error_;

  std::thread thread_;
};

void PrefetchThread::Ring::start_epoch(std::int64_t epoch) {
  {
    const std::lock_guard lock(mutex_);
    ++starts_;
    epoch_ = epoch;
    filled_ = taken_ = released_ = 0;
    error_ = nullptr;
  }
  work_.notify_one();
}

std::int64_t PrefetchThread::Ring::next() {
  std::unique_lock lock(mutex_);
  released_ = taken_;
  // Waking the thread takes longer than going on: it is done once for several batches.
  if (filled_ - released_ <= owner_.slots_ / 2) work_.notify_one();
  if (taken_ == owner_.batches_) return -1;
  ready_.wait(lock, [this] { return filled_ > taken_ || error_; });
  if (filled_ <= taken_) std::rethrow_exception(error_);
  return taken_++ % owner_.slots_;
}

void PrefetchThread::Ring::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] {
      return stop_ || (!error_ && filled_ < owner_.batches_ && filled_ - released_ < owner_.slots_);
    });
    if (stop_) return;
    const std::uint64_t start = starts_;
    const std::int64_t epoch = epoch_;
    const std::int64_t batch = filled_;
    std::exception_ptr error;
    lock.unlock();
    try {
      owner_.fill_(epoch, batch, batch % owner_.slots_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (start != starts_) continue;  // another epoch was started meanwhile: this batch is none of its
    if (error)
      error_ = error;
    else
      ++filled_;
    ready_.notify_one();
  }
}

PrefetchThread::PrefetchThread(std::int64_t slots, std::int64_t batches, Fill fill)
    : slots_(slots), batches_(batches), fill_(std::move(fill)), ring_(std::make_unique<Ring>(*this)) {}

PrefetchThread::~PrefetchThread() {
  if (!ring_->has_thread()) base::leave_alone(ring_);
}

PrefetchThread::Ring& PrefetchThread::ring() {
  if (!ring_->has_thread()) {
    auto replacement = std::make_unique<Ring>(*this, *ring_);
    base::leave_alone(ring_);
    ring_ = std::move(replacement);
  }
  return *ring_;
}

void PrefetchThread::start_epoch(std::int64_t epoch) {
  ring().start_epoch(epoch);
}

std::int64_t PrefetchThread::next() {
  return ring().next();
}

}  // namespace tilewise::data
