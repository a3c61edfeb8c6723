#include "base/aligned_buffer.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace tilewise::base {

namespace {

std::atomic<std::int64_t> allocation_count{0};

/// A kernel's steps go from one page to another with each store; large pages spare it most of the look-ups.
constexpr std::size_t large_page = std::size_t{2} << 20;

/// Asks for large pages; the system may not have them.
void use_large_pages([[maybe_unused]] void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__)
  madvise(begin, bytes, MADV_HUGEPAGE);
#endif
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t bytes) : bytes_(bytes) {
  if (bytes == 0) return;
  const bool is_large = bytes >= large_page;
  const std::size_t boundary = is_large ? large_page : alignment;
  // calloc has its zeros from the system: what is never touched, as workspaces of a batch that does not come, takes no
  // memory.
  if (bytes <= SIZE_MAX - 2 * boundary) memory_ = std::calloc(bytes + 2 * boundary, 1);
  if (!memory_) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(memory_) + (boundary - reinterpret_cast<std::uintptr_t>(memory_) % boundary);
  if (is_large) use_large_pages(data_, (bytes + boundary - 1) / boundary * boundary);
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
