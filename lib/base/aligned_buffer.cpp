#include "base/aligned_buffer.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace tilewise::base {

namespace {
std::atomic<std::int64_t> allocation_count{0};
}

AlignedBuffer::AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  // calloc has its zeros from the system: what is never touched, as workspaces of a batch that does not come, takes no
  // memory.
  if (bytes <= SIZE_MAX - alignment) memory_ = std::calloc(bytes + alignment, 1);
  if (!memory_) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(memory_) + (alignment - reinterpret_cast<std::uintptr_t>(memory_) % alignment);
  allocation_count.fetch_add(1, std::memory_order_relaxed);
}

AlignedBuffer::~AlignedBuffer() {
  std::free(memory_);
}

AlignedBuffer::AlignedBuffer(AlignedBuffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

AlignedBuffer& AlignedBuffer::operator=(AlignedBuffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

std::int64_t AlignedBuffer::allocations() noexcept {
  return allocation_count.load(std::memory_order_relaxed);
}

}  // namespace tilewise::base
