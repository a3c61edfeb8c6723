#pragma once

#include <optional>

#include "ops/image.hpp"
#include "ops/pool_sweep.hpp"

namespace tilewise::ops {

/// What the gradient of an op's output is made from, some channels of an image at a time, so that it is never written
/// as a whole: from itself; from the gradient of the ReLU's result, and that result; or from the gradient of a
/// max-pool's result, and its index.
struct GradientSource {
  enum class Kind : std::uint8_t { itself, relu, max_pool };
  Kind kind = Kind::itself;
  Window2D pool = {{1, 1}};  ///< Kind::max_pool

  /// The specs of both, for an output of this spec; the second is absent for Kind::itself.
  TensorSpec gradient_spec(const TensorSpec& output) const;
  TensorSpec second_spec(const TensorSpec& output) const;
};

/// Makes it for float images.
class GradientMaps {
 public:
  GradientMaps(const GradientSource& source, const TensorSpec& output);

  /// Channels that are made at a time.
  std::int64_t channels_at_a_time() const noexcept;
  /// Memory for them.
  std::int64_t scratch_elements() const;

  /// Channels [first, first + count), at most channels_at_a_time(), of image `i`. second: as GradientSource has it.
  ImageMap make(const kernels::KernelTable<float>& table, const float* gradient, const void* second, std::int64_t i,
                std::int64_t first, std::int64_t count, float* scratch) const;

 private:
  /// gradient, index: of the image's first place, and the first of so many channels.
  void unpool(const kernels::KernelTable<float>& table, const float* gradient, const std::byte* index,
              std::int64_t count, float* map) const;
  std::int64_t places() const noexcept { return extent_.height * extent_.width; }

  GradientSource::Kind kind_;
  Extent2D extent_;
  std::int64_t channels_;
  std::optional<PoolSweep> sweep_;
};

}  // namespace tilewise::ops
