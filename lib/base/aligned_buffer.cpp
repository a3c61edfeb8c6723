#include "base/aligned_buffer.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace tilewise::base {

namespace {
std::atomic<std::int64_t> allocation_count{0};
}

AlignedBuffer::AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  data_ = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{alignment}));
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  std::memset(data_, 0, bytes);
}

AlignedBuffer::~AlignedBuffer() {
  if (data_) ::operator delete (data_, std::align_val_t{alignment});
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

std::int64_t AlignedBuffer::allocations() noexcept {
  return allocation_count.load(std::memory_order_relaxed);
}

}  // namespace tilewise::base
