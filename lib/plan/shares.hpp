#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/checked.hpp"

namespace tilewise::plan {

/// How much a lane must have to do for it to be worth while: sharing takes a few microseconds itself. Tests share out
/// the smallest work, too.
inline std::atomic<double> least_lane_seconds{3e-6};

/// Parts of one run, shared out among lanes: each lane begins with its own, of which its cache may know something, and
/// then helps others with what they have not begun. So a lane whose core is busy elsewhere, or that begins late, holds
/// nobody up for longer than one part takes.
class Shares {
 public:
  explicit Shares(int max_lanes) : shares_(static_cast<std::size_t>(max_lanes)) {}

  /// Each of `lanes` lanes gets as many of `parts` parts. For when no lane runs.
  void deal(int lanes, std::int64_t parts) noexcept {
    lanes_ = lanes;
    for (int lane = 0; lane < lanes; ++lane) {
      Share& share = of(lane);
      share.next.store(base::part_begin(lane, lanes, parts), std::memory_order_relaxed);
      share.end = base::part_begin(lane + 1, lanes, parts);
    }
  }

  /// f(part) for parts that nobody else has taken, until there are none.
  template <class F>
  void take(int lane, const F& f) {
    for (int helped = 0; helped < lanes_; ++helped) {
      Share& share = of((lane + helped) % lanes_);
      for (;;) {
        const std::int64_t part = share.next.fetch_add(1, std::memory_order_relaxed);
        if (part >= share.end) break;
        f(part);
      }
    }
  }

 private:
  struct alignas(64) Share {  // a cache line each, so that lanes do not wait for each other
    std::atomic<std::int64_t> next{0};
    std::int64_t end = 0;
  };
  Share& of(int lane) noexcept { return shares_[static_cast<std::size_t>(lane)]; }

  std::vector<Share> shares_;
  int lanes_ = 0;
};

}  // namespace tilewise::plan
