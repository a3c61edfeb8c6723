#pragma once

#include <array>
#include <cstdint>

namespace tilewise::bench {

/// A convolution with `same` padding and stride 1 (or, as 1x1 on a 1x1 map, a dense layer) that is worth measuring.
struct Layer {
  const char* name;
  std::int64_t height, width, in_channels, out_channels;
  std::int64_t kernel;  ///< height and width of it
  bool pooled;          ///< with a fused 2x2 max-pool in the forward pass

  /// Floating-point operations of one pass of direct convolution for one image, padding included.
  double flops() const { return 2.0 * double(height * width * kernel * kernel * in_channels * out_channels); }
};

/// The layers of the notebook's network.
inline constexpr std::array notebook_layers{
    Layer{"notebook.conv1", 28, 28, 1, 32, 3, false},  Layer{"notebook.conv1+pool", 28, 28, 1, 32, 3, true},
    Layer{"notebook.conv2", 14, 14, 32, 64, 3, false}, Layer{"notebook.conv2+pool", 14, 14, 32, 64, 3, true},
    Layer{"notebook.conv3", 7, 7, 64, 128, 3, false},  Layer{"notebook.dense1", 1, 1, 6272, 128, 1, false},
    Layer{"notebook.dense2", 1, 1, 128, 10, 1, false},
};
inline constexpr std::int64_t notebook_batch = 32;

}  // namespace tilewise::bench
