#include "plan/team.hpp"

#include <system_error>
#include <utility>

#include "base/flush_denormals.hpp"

namespace tilewise::plan {

Team::Team(int threads) : threads_(threads) {
  helpers_.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
  }
}

Team::~Team() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  begun_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void Team::run(int lanes, const LaneFunction& function) {
  std::unique_lock lock(mutex_);
  function_ = &function;
  lanes_ = unfinished_ = lanes;
  next_lane_ = 0;
  begun_.notify_all();
  take_lanes(lock);
  finished_.wait(lock, [this] { return unfinished_ == 0; });
  if (const std::exception_ptr error = std::exchange(error_, nullptr)) std::rethrow_exception(error);
}

void Team::help() {
  std::unique_lock lock(mutex_);
  for (;;) {
    begun_.wait(lock, [this] { return stop_ || next_lane_ < lanes_; });
    if (stop_) return;
    take_lanes(lock);
  }
}

void Team::take_lanes(std::unique_lock<std::mutex>& lock) {
  while (next_lane_ < lanes_) {
    const int lane = next_lane_++;
    lock.unlock();
    std::exception_ptr error;
    try {
      const base::FlushDenormals flush;
      function_->call(function_->context, lane);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = std::move(error);
    if (--unfinished_ == 0) finished_.notify_one();
  }
}

}  // namespace tilewise::plan
