#pragma once

#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace tilewise::base {

/// Denormal results and operands count as zero while it lives, in this thread; the caller's mode comes back afterwards.
class FlushDenormals {
 public:
  FlushDenormals() noexcept : saved_(read()) { write(saved_ | flush_bits); }
  ~FlushDenormals() { write(saved_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE__)
  static constexpr std::uint64_t flush_bits = 0x8040;  // FTZ and DAZ of MXCSR
  static std::uint64_t read() noexcept {
    return _mm_getcsr();
  }
  static void write(std::uint64_t bits) noexcept {
    _mm_setcsr(static_cast<unsigned>(bits));
  }
#elif defined(__aarch64__)
  static constexpr std::uint64_t flush_bits = std::uint64_t{1} << 24;  // FZ of FPCR
  static std::uint64_t read() noexcept {
    std::uint64_t bits;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return bits;
  }
  static void write(std::uint64_t bits) noexcept {
    asm volatile("msr fpcr, %0" : : "r"(bits));
  }
#else
  static constexpr std::uint64_t flush_bits = 0;
  static std::uint64_t read() noexcept {
    return 0;
  }
  static void write(std::uint64_t) noexcept {}
#endif

  std::uint64_t saved_;
};

}  // namespace tilewise::base
