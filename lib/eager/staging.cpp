#include "eager/staging.hpp"

#include <new>
#include <utility>

#include "base/aligned_buffer.hpp"

namespace tilewise::eager {

namespace {
constexpr std::align_val_t alignment{base::AlignedBuffer::alignment};
}

Staging::Staging(std::int64_t bytes)
    : data_(bytes ? ::operator new(static_cast<std::size_t>(bytes), alignment) : nullptr) {}

Staging::~Staging() {
  if (data_) ::operator delete(data_, alignment);
}

Staging::Staging(Staging&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}

Staging& Staging::operator=(Staging&& other) noexcept {
  std::swap(data_, other.data_);
  return *this;
}

}  // namespace tilewise::eager
