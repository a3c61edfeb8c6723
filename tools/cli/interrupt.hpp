#pragma once

/// Ctrl-C while something runs that should end in order.
namespace tilewise::cli {

/// While it lives, the first SIGINT is only noted; a second one ends the program at once, as always.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  static bool interrupted() noexcept;
};

}  // namespace tilewise::cli
