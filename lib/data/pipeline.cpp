#include <utility>

#include "base/checked.hpp"
#include "tilewise/dataset.hpp"

namespace tilewise {

namespace {

void require_positive(const char* stage, std::int64_t value) {
  if (value < 1) throw ArgumentError(std::string(stage) + "(" + std::to_string(value) + "): expected 1 or more");
}

}  // namespace

Pipeline::Pipeline(Dataset dataset) : dataset_(std::move(dataset)) {}

Pipeline Pipeline::shuffle(std::int64_t buffer, std::uint64_t seed) const {
  require_positive("shuffle", buffer);
  if (batch_size_ != 0) throw ArgumentError("shuffle() after batch(): samples are shuffled, so it comes before");
  Pipeline next = *this;
  next.shuffle_buffer_ = buffer;
  next.shuffle_seed_ = seed;
  return next;
}

Pipeline Pipeline::batch(std::int64_t size) const {
  require_positive("batch", size);
  if (prefetch_slots_ != 0) throw ArgumentError("batch() after prefetch(): batches are prefetched, so it comes before");
  Pipeline next = *this;
  next.batch_size_ = size;
  return next;
}

Pipeline Pipeline::prefetch(int slots) const {
  require_positive("prefetch", slots);
  if (batch_size_ == 0) throw ArgumentError("prefetch() before batch(): batches are prefetched, so it comes after");
  Pipeline next = *this;
  next.prefetch_slots_ = slots;
  return next;
}

std::int64_t Pipeline::batches() const noexcept {
  // Not ceil_div, whose sum could wrap for a huge batch size.
  return batch_size_ == 0 ? 0 : dataset_.size() / batch_size_ + (dataset_.size() % batch_size_ != 0);
}

}  // namespace tilewise
