#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "plan/plan.hpp"

namespace tilewise::plan {

/// When the lanes of an execution did what. Each lane writes to a list of its own; reading is for when none runs.
class Recorder {
 public:
  using Clock = std::chrono::steady_clock;
  struct Span {
    Segment::Entry entry;
    Clock::time_point begin, end;
  };

  explicit Recorder(int lanes) : spans_(static_cast<std::size_t>(lanes)) {}

  int lanes() const noexcept { return static_cast<int>(spans_.size()); }
  const std::vector<Span>& of_lane(int lane) const { return spans_[static_cast<std::size_t>(lane)].list; }
  void add(int lane, const Span& span) { spans_[static_cast<std::size_t>(lane)].list.push_back(span); }
  void clear() {
    for (Lane& lane : spans_) lane.list.clear();
  }

 private:
  struct alignas(64) Lane {  // a cache line each, so that lanes do not wait for each other
    std::vector<Span> list;
  };
  std::vector<Lane> spans_;
};

}  // namespace tilewise::plan
