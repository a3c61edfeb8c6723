#include "train/execution_pool.hpp"

namespace tilewise::train {

ExecutionPool::Lease ExecutionPool::borrow(int threads) {
  Lease::Entry entry = take();
  if (entry.max_threads < threads) entry = {std::make_unique<plan::Execution>(plan_, parameters_, threads), threads};
  return Lease(*this, std::move(entry));
}

ExecutionPool::Lease::Entry ExecutionPool::take() {
  const base::ForkSafeMutex::Guard lock(mutex_);
  if (free_.empty()) return {};
  Lease::Entry entry = std::move(free_.back());
  free_.pop_back();
  return entry;
}

void ExecutionPool::give_back(Lease::Entry entry) noexcept try {
  const base::ForkSafeMutex::Guard lock(mutex_);
  free_.push_back(std::move(entry));
} catch (const std::bad_alloc&) {
  // Without memory for the list the execution is dropped, and made anew when it is needed.
}

}  // namespace tilewise::train
