#pragma once

#include <cstddef>
#include <cstdint>

namespace tilewise::base {

/// Owns zero-filled bytes at a 64-byte boundary (a cache line, and the widest vector); 2 MiB or more of them in large
/// pages where the system gives such. Move-only.
class AlignedBuffer {
 public:
  static constexpr std::size_t alignment = 64;

  AlignedBuffer() = default;
  /// Throws std::bad_alloc if the system has no memory left.
  explicit AlignedBuffer(std::size_t bytes);
  ~AlignedBuffer();
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;

  std::size_t bytes() const noexcept { return bytes_; }
  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  template <class T>
  T* as() noexcept {
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  const T* as() const noexcept {
    return reinterpret_cast<const T*>(data_);
  }

  /// How many buffers were allocated by this process so far; tests read it to show that a step allocates nothing.
  static std::int64_t allocations() noexcept;

 private:
  void* memory_ = nullptr;  ///< as it was allocated
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace tilewise::base
