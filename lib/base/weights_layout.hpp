#pragma once

#include <algorithm>
#include <cstdint>

#include "tilewise/shape.hpp"

/// How parameters, their gradients and their optimizer state lie in memory: packed for the kernels, in blocks of output
/// channels.
namespace tilewise::base {

/// A parameter {..., in, out} (HWIO kernel, in x out matrix, or {out} vector) is stored as
/// [groups][ceil(out / groups / block)][taps][in][block], taps the product of the extents before `in`. Output channel n
/// belongs to group n / (out / groups): a block holds channels of one group only. The last block of each group is
/// filled up with zeros.
struct WeightsLayout {
  /// The output channels in one block: [first, first + count), of group `group`.
  struct Channels {
    std::int64_t first, count, group;
  };

  std::int64_t taps, in, out;
  std::int64_t block;
  std::int64_t groups = 1;

  std::int64_t group_out() const noexcept { return out / groups; }
  std::int64_t group_blocks() const noexcept { return (group_out() + block - 1) / block; }
  std::int64_t blocks() const noexcept { return groups * group_blocks(); }
  /// Elements of one block of output channels.
  std::int64_t block_elements() const noexcept { return taps * in * block; }
  std::int64_t elements() const noexcept { return blocks() * block_elements(); }

  Channels channels(std::int64_t number) const noexcept {
    const std::int64_t group = number / group_blocks(), first = number % group_blocks() * block;
    return {group * group_out() + first, std::min(block, group_out() - first), group};
  }
  /// The packed position of output channel n of the first row (tap, in); the next row's is `block` further.
  std::int64_t position(std::int64_t n) const noexcept {
    const std::int64_t group = n / group_out(), place = n % group_out();
    return (group * group_blocks() + place / block) * block_elements() + place % block;
  }
};

/// Throws ShapeError for rank 0, if `groups` do not divide the output channels, or if the packed size does not fit.
WeightsLayout weights_layout(const Shape& shape, std::int64_t block, std::int64_t groups = 1);

/// From the parameter's plain order (HWIO, row-major) to its packed one, and back. From and To: float or double.
template <class From, class To>
void pack_weights(const WeightsLayout& layout, const From* plain, To* packed) {
  std::fill_n(packed, layout.elements(), To{});
  for (std::int64_t n = 0; n < layout.out; ++n)
    for (std::int64_t row = 0; row < layout.taps * layout.in; ++row)
      packed[layout.position(n) + row * layout.block] = static_cast<To>(plain[row * layout.out + n]);
}

template <class From, class To>
void unpack_weights(const WeightsLayout& layout, const From* packed, To* plain) {
  for (std::int64_t n = 0; n < layout.out; ++n)
    for (std::int64_t row = 0; row < layout.taps * layout.in; ++row)
      plain[row * layout.out + n] = static_cast<To>(packed[layout.position(n) + row * layout.block]);
}

}  // namespace tilewise::base
