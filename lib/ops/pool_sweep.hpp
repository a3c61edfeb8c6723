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
