#pragma once

#include <algorithm>

#include "base/weights_layout.hpp"
#include "kernels/kernels.hpp"

namespace tilewise::ops {

/// The packed gradients of a kernel and its bias; either may be null.
template <class T>
struct Gradients {
  T* weights;
  T* bias;
};

/// Sums of gradients over parts of the batch, independent of each other, which are then added in order: work for many
/// lanes where there are few output channels to share out. How many there are depends on shapes only.
struct GradientSlots {
  std::int64_t count;
  base::WeightsLayout layout;  ///< of the sums

  /// Enough for many lanes, whatever the blocks of channels. (Not by blocks: sums do not depend on the ISA.)
  static std::int64_t count_for(std::int64_t out_channels) noexcept {
    constexpr std::int64_t channels_of_one_slot = 512, max_slots = 16;
    return std::clamp<std::int64_t>(channels_of_one_slot / out_channels, 1, max_slots);
  }

  /// Of one slot.
  std::int64_t elements() const noexcept { return layout.elements() + bias_elements(); }

  /// The sums of slot `number` in a workspace of count * elements().
  template <class T>
  Gradients<T> slot(T* workspace, std::int64_t number, bool weights_wanted, bool bias_wanted) const noexcept {
    T* const sums = workspace + number * elements();
    return {weights_wanted ? sums : nullptr, bias_wanted ? sums + layout.elements() : nullptr};
  }

  /// Those of the blocks [begin, end).
  template <class T>
  void clear(const Gradients<T>& sums, std::int64_t begin, std::int64_t end) const {
    if (sums.weights) std::fill_n(weights_of(sums, begin), (end - begin) * layout.block_elements(), T{});
    if (sums.bias) std::fill_n(bias_of(sums, begin), (end - begin) * layout.block, T{});
  }
  template <class T>
  T* weights_of(const Gradients<T>& sums, std::int64_t block) const noexcept {
    return sums.weights + block * layout.block_elements();
  }
  template <class T>
  T* bias_of(const Gradients<T>& sums, std::int64_t block) const noexcept {
    return sums.bias + block * layout.block;
  }

  /// The slots of a workspace, more than one, added to `sums`, which may be slot 0: the blocks [begin, end), of what is
  /// not null in `sums`.
  template <class T>
  void add(const kernels::KernelTable<T>& table, T* workspace, const Gradients<T>& sums, std::int64_t begin,
           std::int64_t end) const {
    const auto add_part = [&](T* Gradients<T>::*part, std::int64_t block_elements) {
      if (!(sums.*part)) return;
      const auto of_slot = [&](std::int64_t number) {
        return slot(workspace, number, true, true).*part + begin * block_elements;
      };
      T* const sum = sums.*part + begin * block_elements;
      for (std::int64_t number = 1; number < count; ++number)
        table.add({number == 1 ? of_slot(0) : sum, of_slot(number), sum, (end - begin) * block_elements});
    };
    add_part(&Gradients<T>::weights, layout.block_elements());
    add_part(&Gradients<T>::bias, layout.block);
  }

 private:
  std::int64_t bias_elements() const noexcept { return layout.blocks() * layout.block; }
};

}  // namespace tilewise::ops
