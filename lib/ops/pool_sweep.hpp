#pragma once

#include <algorithm>
#include <vector>

#include "ops/op.hpp"
#include "ops/window2d.hpp"

namespace tilewise::ops {

/// The geometry of one pooling pass over images of `in` places.
struct PoolGeometry {
  Window2D window;
  Extent2D in, out;
  std::int64_t channels;

  PoolGeometry(const Window2D& window, const Shape& image)
      : window(window), in{image[0], image[1]}, out(window.out(in)), channels(image[2]) {}

  std::int64_t in_image() const noexcept { return in.height * in.width * channels; }
  std::int64_t out_image() const noexcept { return out.height * out.width * channels; }
  std::int64_t in_row() const noexcept { return window.dilation.height * in.width * channels; }
  std::int64_t in_column() const noexcept { return window.dilation.width * channels; }
  std::int64_t positions() const noexcept { return window.size.height * window.size.width; }
  bool wide_index() const noexcept { return positions() > kernels::max_u8_positions; }
  std::int64_t index_bytes() const noexcept { return wide_index() ? 4 : 1; }

  bool disjoint() const noexcept;
  /// Whether each input lies in exactly one window.
  bool tiles_exactly() const noexcept;
  TapRange row_taps(std::int64_t row) const;
  TapRange column_taps(std::int64_t column) const;

  kernels::PoolWindow part(const TapRange& vertical, const TapRange& horizontal) const noexcept;
};

/// What it takes to run one: all that is the same for every row is found beforehand.
struct PoolSweep : PoolGeometry {
  struct Run {
    std::int64_t column, count;
    TapRange taps;
  };
  /// Output columns that are cut alike by the padding; single columns if windows overlap. Windows of a longer run are
  /// whole: of those that do not overlap, each edge of the image cuts one at most.
  std::vector<Run> runs;

  PoolSweep(const Window2D& window, const Shape& image);

  /// Calls f(first column of the run, number of columns, row taps, column taps) for all runs.
  template <class F>
  void for_runs(std::int64_t row, F&& f) const {
    const TapRange vertical = row_taps(row);
    for (const Run& run : runs) f(run.column, run.count, vertical, run.taps);
  }
};

/// One row of windows of one image: `count` channels of the gradient go to where their maxima came from. The pointers
/// are to the image's first place, and the first of those channels; a place of in_gradient has in_channels of them.
/// Where windows do not tile the image exactly, in_gradient is added to.
template <class T>
void max_pool_backward_row(const kernels::KernelTable<T>& table, const PoolSweep& sweep, std::int64_t row,
                           const T* out_gradient, const std::byte* index, T* in_gradient, std::int64_t in_channels,
                           std::int64_t count) {
  sweep.for_runs(row, [&](std::int64_t column, std::int64_t columns, const TapRange& vertical,
                          const TapRange& horizontal) {
    const std::int64_t place = (row * sweep.out.width + column) * sweep.channels;
    table.max_pool_backward(
        {.out_gradient = out_gradient + place,
         .index = index + place * sweep.index_bytes(),
         .in_gradient = in_gradient + (vertical.first_place * sweep.in.width + horizontal.first_place) * in_channels,
         .in_step = sweep.window.stride.width * in_channels,
         .in_row = sweep.window.dilation.height * sweep.in.width * in_channels,
         .in_column = sweep.window.dilation.width * in_channels,
         .out_step = sweep.channels,
         .count = columns,
         .channels = count,
         .window = sweep.part(vertical, horizontal),
         .wide_index = sweep.wide_index(),
         .accumulate = !sweep.tiles_exactly()});
  });
}

/// Throws ShapeError unless there is one input, a batch of images, and no window lies wholly in the padding.
void expect_pool_image(const Op& op, const TensorSpec& image, const Window2D& window);

/// What pooling makes of a batch of images.
TensorSpec pooled(const TensorSpec& image, const Window2D& window, Element element = Element::scalar);

/// Of a max-pool's index.
Element index_element(const Window2D& window) noexcept;

template <class T>
void clear_images(T* images, std::int64_t image_elements, const Work& work) {
  std::fill(images + work.image_begin * image_elements, images + work.image_end * image_elements, T{});
}

Step one_phase(const char* name, std::int64_t items, std::function<void(Tensors, const Work&)> run);

}  // namespace tilewise::ops
