#pragma once

#include <algorithm>

#include "ops/window2d.hpp"

namespace tilewise::ops {

/// Strips of an image, of which a pass over some rows of a max-pooled convolution reads one at a time: its padding is
/// there, as zeros, so that every place has all taps.
struct PooledStrips {
  Window2D window, pool;
  Extent2D in, out;  ///< out: pooled
  std::int64_t in_channels;

  PooledStrips(const Window2D& window, const Window2D& pool, Extent2D in, std::int64_t in_channels)
      : window(window), pool(pool), in(in), out(pool.out(window.out(in))), in_channels(in_channels) {}

  /// From an output row to the next one's inputs, in rows; from a column, in columns.
  std::int64_t row_step() const noexcept { return pool.stride.height * window.stride.height; }
  std::int64_t column_step() const noexcept { return pool.stride.width * window.stride.width; }

  /// Elements of a row of a strip.
  std::int64_t row_elements() const noexcept {
    return in_channels * reach(out.width, pool.stride.width, pool.size.width, window.stride.width, window.size.width,
                               window.dilation.width);
  }
  /// Rows of a strip for so many rows of output.
  std::int64_t in_rows(std::int64_t out_rows) const noexcept {
    return reach(out_rows, pool.stride.height, pool.size.height, window.stride.height, window.size.height,
                 window.dilation.height);
  }
  /// Output rows of one strip, so that it stays in the first-level cache with what is made of it.
  std::int64_t rows() const noexcept {
    constexpr std::int64_t strip_elements = 1024;
    std::int64_t rows = 1;
    while (rows < out.height && in_rows(rows + 1) * row_elements() <= strip_elements) ++rows;
    return rows;
  }

  /// The strip of the output rows [begin, end) of one image.
  template <class T>
  void copy(const T* image, std::int64_t begin, std::int64_t end, T* to) const {
    const std::int64_t width = row_elements(), row = begin * row_step() - window.padding.top;
    const std::int64_t before = std::min(window.padding.left * in_channels, width);
    const std::int64_t count = std::min(in.width * in_channels, width - before);
    std::fill_n(to, in_rows(end - begin) * width, T{});  // in one go: pieces around each row take longer
    const std::int64_t limit = std::min(in.height, row + in_rows(end - begin));
    for (std::int64_t from = std::max<std::int64_t>(row, 0); from < limit; ++from)
      std::copy_n(image + from * in.width * in_channels, count, to + (from - row) * width + before);
  }

 private:
  static std::int64_t reach(std::int64_t out, std::int64_t pool_stride, std::int64_t pool_size, std::int64_t stride,
                            std::int64_t size, std::int64_t dilation) noexcept {
    return ((out - 1) * pool_stride + pool_size - 1) * stride + (size - 1) * dilation + 1;
  }
};

}  // namespace tilewise::ops
