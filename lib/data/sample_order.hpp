#pragma once

#include <cstdint>
#include <vector>

#include "base/random.hpp"

namespace tilewise::data {

/// The order of the samples in an epoch: 0, 1, 2, ... or through a shuffle buffer, of indices only. Allocates when
/// constructed, never later.
class SampleOrder {
 public:
  /// buffer = 0: in order.
  SampleOrder(std::int64_t samples, std::int64_t buffer, std::uint64_t seed);

  void start(std::int64_t epoch);
  /// To be called `samples` times per epoch.
  std::int64_t next();

 private:
  std::int64_t samples_;
  std::uint64_t seed_;
  base::Random random_;
  std::vector<std::int64_t> buffer_;
  std::int64_t waiting_ = 0;  // the first so many of buffer_
  std::int64_t unread_ = 0;   // the first sample that was not in the buffer yet
  std::uint64_t drawn_ = 0;
};

}  // namespace tilewise::data
