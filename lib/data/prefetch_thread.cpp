#include "data/prefetch_thread.hpp"

#include <utility>

namespace tilewise::data {

PrefetchThread::PrefetchThread(std::int64_t slots, std::int64_t batches, Fill fill)
    : slots_(slots),
      batches_(batches),
      fill_(std::move(fill)),
      filled_(batches),
      taken_(batches),
      released_(batches),
      thread_([this] { run(); }) {}

PrefetchThread::~PrefetchThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void PrefetchThread::start_epoch(std::int64_t epoch) {
  {
    const std::lock_guard lock(mutex_);
    ++starts_;
    epoch_ = epoch;
    filled_ = taken_ = released_ = 0;
    error_ = nullptr;
  }
  work_.notify_one();
}

std::int64_t PrefetchThread::next() {
  std::unique_lock lock(mutex_);
  released_ = taken_;
  work_.notify_one();
  if (taken_ == batches_) return -1;
  ready_.wait(lock, [this] { return filled_ > taken_ || error_; });
  if (filled_ == taken_) std::rethrow_exception(error_);
  return taken_++ % slots_;
}

void PrefetchThread::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stop_ || (!error_ && filled_ < batches_ && filled_ - released_ < slots_); });
    if (stop_) return;
    const std::uint64_t start = starts_;
    const std::int64_t epoch = epoch_;
    const std::int64_t batch = filled_;
    std::exception_ptr error;
    lock.unlock();
    try {
      fill_(epoch, batch, batch % slots_);
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

}  // namespace tilewise::data
