#pragma once

#include <memory>
#include <vector>

#include "base/fork.hpp"
#include "plan/execution.hpp"

namespace tilewise::train {

/// Executions of one plan for many callers at once: each borrows one, which is made when none is free.
class ExecutionPool {
 public:
  ExecutionPool(std::shared_ptr<const plan::Plan> plan, plan::ParameterStore& parameters)
      : plan_(std::move(plan)), parameters_(parameters) {}

  /// An execution on loan; it goes back at the end of the scope.
  class Lease {
   public:
    ~Lease() { pool_.give_back(std::move(entry_)); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    plan::Execution& operator*() const noexcept { return *entry_.execution; }
    plan::Execution* operator->() const noexcept { return entry_.execution.get(); }

   private:
    friend ExecutionPool;
    struct Entry {
      std::unique_ptr<plan::Execution> execution;
      int max_threads = 0;
    };
    Lease(ExecutionPool& pool, Entry entry) : pool_(pool), entry_(std::move(entry)) {}

    ExecutionPool& pool_;
    Entry entry_;
  };

  /// An execution for up to `threads` threads.
  Lease borrow(int threads);

 private:
  Lease::Entry take();
  void give_back(Lease::Entry entry) noexcept;

  const std::shared_ptr<const plan::Plan> plan_;
  plan::ParameterStore& parameters_;
  base::ForkSafeMutex mutex_;
  std::vector<Lease::Entry> free_;
};

}  // namespace tilewise::train
