#pragma once

#include <cstddef>
#include <cstdint>

namespace tilewise::eager {

/// Memory that a strided view may be copied through. Unlike base::AlignedBuffer it is not cleared, so that the system
/// gives large ones their pages only once they are used: dense views cost nothing. Move-only.
class Staging {
 public:
  explicit Staging(std::int64_t bytes);
  ~Staging();
  Staging(Staging&& other) noexcept;
  Staging& operator=(Staging&& other) noexcept;
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  void* data() const noexcept { return data_; }

 private:
  void* data_;
};

}  // namespace tilewise::eager
