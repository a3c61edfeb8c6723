#include "ops/small_groups.hpp"

#include <algorithm>

namespace tilewise::ops {

template <class T>
Phase SmallGroups::packing(std::size_t weights, std::size_t bias, std::size_t close) const {
  return {"pack", close_layout().blocks(), false, 0, [=, *this](Tensors tensors, const Work& work) {
            const base::WeightsLayout from = parameter_layout(), from_bias = parameter_bias_layout(),
                                      to = close_layout();
            const T* const plain_weights = tensor<const T>(tensors, weights);
            const T* const plain_bias = bias == no_bias ? nullptr : tensor<const T>(tensors, bias);
            for (std::int64_t block = work.item_begin; block < work.item_end; ++block) {
              T* const block_weights = tensor<T>(tensors, close) + block * to.block_elements();
              T* const block_bias = tensor<T>(tensors, close) + to.elements() + block * channel_block;
              const base::WeightsLayout::Channels of_block = to.channels(block);
              for (std::int64_t n = 0; n < channel_block; ++n) {
                const bool is_used = n < of_block.count;
                const std::int64_t place = is_used ? from.position(of_block.first + n) : 0;
                for (std::int64_t row = 0; row < taps * group; ++row)
                  block_weights[row * channel_block + n] = is_used ? plain_weights[place + row * channel_block] : T{};
                block_bias[n] = is_used && plain_bias ? plain_bias[from_bias.position(of_block.first + n)] : T{};
              }
            }
          }};
}

template <class T>
void SmallGroups::unpack_weights(std::int64_t block, const T* close, T* weights) const {
  const base::WeightsLayout to = parameter_layout();
  const base::WeightsLayout::Channels of_block = close_layout().channels(block);
  std::fill_n(weights + of_block.first / group * to.block_elements(), of_block.count / group * to.block_elements(),
              T{});
  for (std::int64_t n = 0; n < of_block.count; ++n)
    for (std::int64_t row = 0; row < taps * group; ++row)
      weights[to.position(of_block.first + n) + row * channel_block] = close[row * channel_block + n];
}

template <class T>
void SmallGroups::unpack_bias(std::int64_t block, const T* close, T* bias) const {
  const base::WeightsLayout to = parameter_bias_layout();
  const base::WeightsLayout::Channels of_block = close_layout().channels(block);
  std::fill_n(bias + of_block.first / group * channel_block, of_block.count / group * channel_block, T{});
  for (std::int64_t n = 0; n < of_block.count; ++n) bias[to.position(of_block.first + n)] = close[n];
}

#define TILEWISE_INSTANTIATE(T)                                                        \
  template Phase SmallGroups::packing<T>(std::size_t, std::size_t, std::size_t) const; \
  template void SmallGroups::unpack_weights(std::int64_t, const T*, T*) const;         \
  template void SmallGroups::unpack_bias(std::int64_t, const T*, T*) const;
TILEWISE_INSTANTIATE(float)
TILEWISE_INSTANTIATE(double)
TILEWISE_INSTANTIATE(std::int64_t)
#undef TILEWISE_INSTANTIATE

}  // namespace tilewise::ops
