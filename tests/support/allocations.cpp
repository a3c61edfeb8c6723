#include "support/allocations.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

// The sanitizers bring operators of their own, which must stay.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TILEWISE_COUNT_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define TILEWISE_COUNT_ALLOCATIONS 0
#endif
#endif
#ifndef TILEWISE_COUNT_ALLOCATIONS
#define TILEWISE_COUNT_ALLOCATIONS 1
#endif

namespace {

std::atomic<std::int64_t> count{0};
std::atomic<std::int64_t> largest{0};

[[maybe_unused]] void* allocate(std::size_t bytes, std::size_t alignment) {
  count.fetch_add(1, std::memory_order_relaxed);
  std::int64_t seen = largest.load(std::memory_order_relaxed);
  const std::int64_t size = static_cast<std::int64_t>(bytes);
  while (size > seen && !largest.compare_exchange_weak(seen, size, std::memory_order_relaxed)) {
  }
  void* pointer = nullptr;
  if (posix_memalign(&pointer, alignment < sizeof(void*) ? sizeof(void*) : alignment, bytes ? bytes : 1) != 0)
    throw std::bad_alloc();
  return pointer;
}

}  // namespace

namespace tilewise::test {

void Allocations::reset() noexcept {
  ::count = 0;
  ::largest = 0;
}
std::int64_t Allocations::count() noexcept {
  return ::count;
}
std::int64_t Allocations::largest_bytes() noexcept {
  return ::largest;
}
bool Allocations::counted() noexcept {
  return TILEWISE_COUNT_ALLOCATIONS;
}

}  // namespace tilewise::test

#if TILEWISE_COUNT_ALLOCATIONS
// The array and nothrow forms of the standard library call these.
void* operator new(std::size_t bytes) {
  return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* pointer) noexcept {
  std::free(pointer);
}
void operator delete(void* pointer, std::size_t) noexcept {
  std::free(pointer);
}
void operator delete(void* pointer, std::align_val_t) noexcept {
  std::free(pointer);
}
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept {
  std::free(pointer);
}
#endif
