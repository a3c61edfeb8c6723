#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tilewise::test {

/// Where a buffer touches a page that must not be touched.
enum class Guard { after, before };

/// False if TILEWISE_TEST_GUARDS=0. For qemu: its version 7.2 reads what AVX's masked loads (vmaskmovps) mask out,
/// unlike any processor.
inline bool guards_wanted() {
  static const bool wanted = [] {
    const char* text = std::getenv("TILEWISE_TEST_GUARDS");
    return !text || std::string_view(text) != "0";
  }();
  return wanted;
}

/// Bytes between two protected pages, flush with one of them: reading or writing beyond that end kills the test.
class GuardedBytes {
 public:
  GuardedBytes(std::size_t bytes, Guard guard) {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    usable_ = (bytes + page_ - 1) / page_ * page_;
    if (!guards_wanted()) {
      usable_ += page_;
      guard = Guard::before;
    }
    mapping_ =
        static_cast<std::byte*>(mmap(nullptr, usable_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (mapping_ == MAP_FAILED) throw std::bad_alloc();
    if (usable_ && mprotect(mapping_ + page_, usable_, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = mapping_ + page_ + (guard == Guard::after ? usable_ - bytes : 0);
  }
  ~GuardedBytes() { munmap(mapping_, usable_ + 2 * page_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::byte* data() { return data_; }
  void make_read_only() {
    if (usable_) mprotect(mapping_ + page_, usable_, PROT_READ);
  }

 private:
  std::size_t page_ = 0, usable_ = 0;
  std::byte* mapping_ = nullptr;
  std::byte* data_ = nullptr;
};

/// The buffers of one kernel call. Inputs are read-only; outputs start as NaN (integers: as their smallest value, which
/// counts as NaN).
template <class T>
class Buffers {
 public:
  explicit Buffers(Guard guard) : guard_(guard) {}

  const T* input(const std::vector<double>& values) {
    T* data = allocate<T>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) data[i] = static_cast<T>(values[i]);
    buffers_.back()->make_read_only();
    return data;
  }
  template <class I>
  const I* integers(const std::vector<I>& values) {
    I* data = allocate<I>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) data[i] = values[i];
    buffers_.back()->make_read_only();
    return data;
  }
  T* output(std::int64_t count) { return output(std::vector<double>(static_cast<std::size_t>(count), not_a_number)); }
  /// One that the kernel reads too.
  T* output(const std::vector<double>& values) {
    T* data = allocate<T>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) data[i] = from_double(values[i]);
    return data;
  }
  template <class I>
  I* integer_output(std::int64_t count) {
    I* data = allocate<I>(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) data[i] = static_cast<I>(0xEEEEEEEE);
    return data;
  }

  static constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
  static double to_double(T x) {
    if constexpr (std::is_integral_v<T>)
      return x == std::numeric_limits<T>::min() ? not_a_number : static_cast<double>(x);
    else
      return static_cast<double>(x);
  }

 private:
  static T from_double(double x) {
    if constexpr (std::is_integral_v<T>)
      return std::isnan(x) ? std::numeric_limits<T>::min() : static_cast<T>(x);
    else
      return static_cast<T>(x);
  }
  template <class E>
  E* allocate(std::size_t count) {
    buffers_.push_back(std::make_unique<GuardedBytes>(count * sizeof(E), guard_));
    return reinterpret_cast<E*>(buffers_.back()->data());
  }

  Guard guard_;
  std::vector<std::unique_ptr<GuardedBytes>> buffers_;
};

}  // namespace tilewise::test
