#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace tilewise::bench {

enum class LayerKind { conv2d, dense, max_pool2d };

/// A layer that is worth measuring: a convolution with `same` padding, stride 1, bias and ReLU; a dense layer with bias
/// and ReLU (1x1 on a 1x1 map); a max-pool of windows that lie side by side.
struct Layer {
  LayerKind kind;
  const char* name;  ///< SUITE.LAYER
  std::int64_t height, width, in_channels, out_channels;
  std::int64_t kernel;  ///< height and width of it, or of the window
  bool pooled = false;  ///< a convolution with a 2x2 max-pool behind its ReLU

  /// Floating-point operations of one pass of direct convolution for one image, padding included.
  double flops() const { return 2.0 * double(height * width * kernel * kernel * in_channels * out_channels); }
};

/// The layers of the notebook's network; its first two convolutions with and without their pools.
inline constexpr std::array notebook_layers{
    Layer{LayerKind::conv2d, "notebook.conv1", 28, 28, 1, 32, 3},
    Layer{LayerKind::conv2d, "notebook.conv1+pool", 28, 28, 1, 32, 3, true},
    Layer{LayerKind::conv2d, "notebook.conv2", 14, 14, 32, 64, 3},
    Layer{LayerKind::conv2d, "notebook.conv2+pool", 14, 14, 32, 64, 3, true},
    Layer{LayerKind::conv2d, "notebook.conv3", 7, 7, 64, 128, 3},
    Layer{LayerKind::dense, "notebook.dense1", 1, 1, 6272, 128, 1},
    Layer{LayerKind::dense, "notebook.dense2", 1, 1, 128, 10, 1},
    Layer{LayerKind::max_pool2d, "notebook.pool1", 28, 28, 32, 32, 2},
    Layer{LayerKind::max_pool2d, "notebook.pool2", 14, 14, 64, 64, 2},
};
inline constexpr std::int64_t notebook_batch = 32;

/// Layers that are measured together, each at every one of the batches.
struct Suite {
  std::span<const Layer> layers;
  std::array<std::int64_t, 2> batches;
};

/// THE list of suites: what ops.cpp and the programs in peers/ measure.
inline constexpr std::array suites{Suite{notebook_layers, {notebook_batch, 1}}};

}  // namespace tilewise::bench
