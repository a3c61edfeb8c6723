#pragma once

#include "ops/window2d.hpp"

namespace tilewise::ops {

/// The batch of a backward-weights pass in pieces, some images or some rows of one, that stay in the first-level cache
/// while all weights go through them. They depend on shapes only.
struct GradientChunks {
  struct Chunk {
    std::int64_t first_image, images;
    std::int64_t row_begin, row_end;  ///< of the output; all rows if there are several images
  };

  /// `in_channels` and `out_channels` are those of a place of image and output gradient that one pass reads.
  GradientChunks(Extent2D in, Extent2D out, std::int64_t row_stride, std::int64_t in_channels,
                 std::int64_t out_channels, std::int64_t element_bytes);

  std::int64_t count(std::int64_t batch) const noexcept;
  Chunk chunk(std::int64_t number, std::int64_t batch) const noexcept;

 private:
  std::int64_t out_rows_;
  std::int64_t rows_, images_;  ///< of a chunk
};

}  // namespace tilewise::ops
