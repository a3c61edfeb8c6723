#pragma once

#include <cstdint>

#include "tilewise/shape.hpp"

/// How parameters, their gradients and their optimizer state lie in memory: packed for the kernels, in blocks of output
/// channels.
namespace tilewise::base {

/// A parameter {..., in, out} (HWIO kernel, in x out matrix, or {out} vector) is stored as
/// [ceil(out / block)][taps][in][block], taps the product of the extents before `in`. The last block is filled up with
/// zeros.
struct WeightsLayout {
  std::int64_t taps, in, out;
  std::int64_t block;

  std::int64_t blocks() const noexcept { return (out + block - 1) / block; }
  /// Elements of one block of output channels.
  std::int64_t block_elements() const noexcept { return taps * in * block; }
  std::int64_t elements() const noexcept { return blocks() * block_elements(); }
};

/// Throws ShapeError for rank 0, or if the packed size does not fit.
WeightsLayout weights_layout(const Shape& shape, std::int64_t block);

/// From the parameter's plain order (HWIO, row-major) to its packed one, and back. From and To: float or double.
template <class From, class To>
void pack_weights(const WeightsLayout& layout, const From* plain, To* packed) {
  for (std::int64_t n = 0; n < layout.blocks() * layout.block; ++n)
    for (std::int64_t row = 0; row < layout.taps * layout.in; ++row)
      packed[n / layout.block * layout.block_elements() + row * layout.block + n % layout.block] =
          n < layout.out ? static_cast<To>(plain[row * layout.out + n]) : To{};
}

template <class From, class To>
void unpack_weights(const WeightsLayout& layout, const From* packed, To* plain) {
  for (std::int64_t n = 0; n < layout.out; ++n)
    for (std::int64_t row = 0; row < layout.taps * layout.in; ++row)
      plain[row * layout.out + n] =
          static_cast<To>(packed[n / layout.block * layout.block_elements() + row * layout.block + n % layout.block]);
}

}  // namespace tilewise::base
