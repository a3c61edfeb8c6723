#include "ops/gradient_chunks.hpp"

#include <algorithm>

#include "base/checked.hpp"

namespace tilewise::ops {

namespace {

/// 64 KiB cost half of the speed with AVX2; but not so few places that loading and storing the sums would show.
constexpr std::int64_t chunk_bytes = 32 * 1024;
constexpr std::int64_t min_chunk_places = 64;

}  // namespace

GradientChunks::GradientChunks(Extent2D in, Extent2D out, std::int64_t row_stride, std::int64_t in_channels,
                               std::int64_t out_channels, std::int64_t element_bytes)
    : out_rows_(out.height) {
  const std::int64_t row_bytes =
      element_bytes * (out.width * out_channels + std::min(row_stride, in.height) * in.width * in_channels);
  const std::int64_t rows = std::max(chunk_bytes / row_bytes, base::ceil_div(min_chunk_places, out.width));
  rows_ = std::min(rows, out.height);
  images_ = std::max<std::int64_t>(1, rows / out.height);
}

std::int64_t GradientChunks::count(std::int64_t batch) const noexcept {
  return base::ceil_div(batch, images_) * base::ceil_div(out_rows_, rows_);
}

GradientChunks::Chunk GradientChunks::chunk(std::int64_t number, std::int64_t batch) const noexcept {
  const std::int64_t pieces = base::ceil_div(out_rows_, rows_);
  const std::int64_t first = number / pieces * images_, row = number % pieces * rows_;
  return {first, std::min(images_, batch - first), row, std::min(row + rows_, out_rows_)};
}

}  // namespace tilewise::ops
