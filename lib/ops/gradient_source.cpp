#include "ops/gradient_source.hpp"

#include "base/checked.hpp"

namespace tilewise::ops {

namespace {

/// Of a map that is unpooled: few enough that it stays in the first-level cache.
constexpr std::int64_t unpooled_channels = 2 * kernels::transform_channels;

}  // namespace

TensorSpec GradientSource::gradient_spec(const TensorSpec& output) const {
  return kind == Kind::max_pool ? pooled(output, pool) : output;
}

TensorSpec GradientSource::second_spec(const TensorSpec& output) const {
  switch (kind) {
    case Kind::relu:
      return output;
    case Kind::max_pool:
      return pooled(output, pool, index_element(pool));
    case Kind::itself:
      break;
  }
  return {};
}

GradientMaps::GradientMaps(const GradientSource& source, const TensorSpec& output)
    : kind_(source.kind), extent_(extent_of(output)), channels_(output.shape[2]) {
  if (kind_ == GradientSource::Kind::max_pool) sweep_.emplace(source.pool, output.shape);
}

std::int64_t GradientMaps::channels_at_a_time() const noexcept {
  return kind_ == GradientSource::Kind::max_pool ? std::min(channels_, unpooled_channels) : channels_;
}

std::int64_t GradientMaps::scratch_elements() const {
  return kind_ == GradientSource::Kind::itself ? 0 : base::checked_mul(places(), channels_at_a_time());
}

void GradientMaps::unpool(const kernels::KernelTable<float>& table, const float* gradient, const std::byte* index,
                          std::int64_t count, float* map) const {
  if (!sweep_->tiles_exactly()) std::fill_n(map, places() * count, 0.f);
  for (std::int64_t row = 0; row < sweep_->out.height; ++row)
    max_pool_backward_row(table, *sweep_, row, gradient, index, map, count, count);
}

ImageMap GradientMaps::make(const kernels::KernelTable<float>& table, const float* gradient, const void* second,
                            std::int64_t i, std::int64_t first, std::int64_t count, float* scratch) const {
  const std::int64_t image = i * places() * channels_;
  switch (kind_) {
    case GradientSource::Kind::itself:
      return {gradient + image + first, extent_.width * channels_, channels_};
    case GradientSource::Kind::relu: {
      const float* const result = static_cast<const float*>(second) + image + first;
      const std::int64_t runs = count == channels_ ? 1 : places(), length = places() * count / runs;
      for (std::int64_t run = 0; run < runs; ++run)
        table.relu_backward(
            {result + run * channels_, gradient + image + first + run * channels_, scratch + run * length, length});
      break;
    }
    case GradientSource::Kind::max_pool: {
      const std::int64_t begin = i * sweep_->out_image() + first;
      unpool(table, gradient + begin, static_cast<const std::byte*>(second) + begin * sweep_->index_bytes(), count,
             scratch);
      break;
    }
  }
  return {scratch, extent_.width * count, count};
}

}  // namespace tilewise::ops
