#include "data/sample_order.hpp"

#include <algorithm>

namespace tilewise::data {

SampleOrder::SampleOrder(std::int64_t samples, std::int64_t buffer, std::uint64_t seed)
    : samples_(samples),
      seed_(seed),
      random_(seed, base::Stream::shuffle, 0),
      buffer_(static_cast<std::size_t>(std::min(buffer, samples))) {}

void SampleOrder::start(std::int64_t epoch) {
  random_ = base::Random(seed_, base::Stream::shuffle, static_cast<std::uint64_t>(epoch));
  drawn_ = 0;
  waiting_ = unread_ = static_cast<std::int64_t>(buffer_.size());
  for (std::int64_t i = 0; i < waiting_; ++i) buffer_[static_cast<std::size_t>(i)] = i;
}

std::int64_t SampleOrder::next() {
  if (buffer_.empty()) return unread_++;
  std::int64_t& place = buffer_[random_.below(static_cast<std::uint64_t>(waiting_), drawn_++)];
  const std::int64_t sample = place;
  place = unread_ < samples_ ? unread_++ : buffer_[static_cast<std::size_t>(--waiting_)];
  return sample;
}

}  // namespace tilewise::data
