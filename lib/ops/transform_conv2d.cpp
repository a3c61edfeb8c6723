#include "ops/transform_conv2d.hpp"

#include <algorithm>

#include "ops/flops.hpp"
#include "ops/transform_forward.hpp"
#include "ops/transform_rows.hpp"

namespace tilewise::ops {

namespace {

using Side = TransformConv::Side;

/// Blocks of images, each through all stages.
template <class Block>
Phase depth_first(const std::shared_ptr<const TransformForward>& forward, std::int64_t batch) {
  const std::int64_t images = Block(*forward, batch).images;
  Phase phase{"forward", 1, true, base::checked_mul(Block(*forward, batch).scratch_elements(), sizeof(float)), {}};
  phase.run = [forward, images](Tensors tensors, const Work& work) {
    const Block block(*forward, images);
    const std::int64_t all = work.image_end - work.image_begin, blocks = base::ceil_div(all, images);
    for (std::int64_t number = 0; number < blocks; ++number) {
      const std::int64_t first = base::part_begin(number, blocks, all);
      block.run(ForwardTensors(*forward, tensors), work.image_begin + first,
                base::part_begin(number + 1, blocks, all) - first, reinterpret_cast<float*>(work.scratch));
    }
  };
  return phase;
}

/// Whether all slices of as many tiles as make the weights worth reading leave room in the cache.
bool takes_all_slices(const TransformForward& forward, std::int64_t batch) {
  constexpr std::int64_t enough_tiles = 16;
  const std::int64_t images = std::min(forward.conv.images_of(enough_tiles), batch);
  return AllSlices::elements(forward, images * forward.conv.tiles()) <= cache_elements;
}

// For batches that are too small to go around: rows of tiles over all lanes, or the stages one after the other.

/// Whether rows of tiles are shared out. Each reads the weights' slices again, so these must be few, and makes whole
/// rows of the output, pooled.
bool shares_tile_rows(const TransformForward& forward) {
  const auto& pool = forward.attributes.pool;
  const kernels::TransformShape& shape = forward.conv.shape();
  return !forward.kernel && !shape.cyclic && forward.conv.all_rows().end > 1 &&
         (!pool || (pool->size.height <= pool->stride.height && shape.outputs % pool->stride.height == 0));
}

/// An item is a row of tiles of one block of output channels.
Phase tile_rows_phase(const std::shared_ptr<const TransformForward>& forward) {
  const std::int64_t all_rows = forward->conv.all_rows().end;
  Phase phase{"forward", forward->layout.blocks() * all_rows,
              true,      base::checked_mul(AllSlices(*forward).scratch_elements(), sizeof(float)),
              {},        all_rows};
  phase.run = [forward, all_rows](Tensors tensors, const Work& work) {
    const AllSlices slices(*forward);
    const ForwardTensors t(*forward, tensors);
    float* const scratch = reinterpret_cast<float*>(work.scratch);
    AllSlices::Piece made{};  // nothing
    for (std::int64_t image = work.image_begin; image < work.image_end; ++image)
      for (std::int64_t item = work.item_begin; item < work.item_end;) {
        const std::int64_t row = item % all_rows;
        const std::int64_t rows = std::min({work.item_end - item, all_rows - row, slices.rows});
        const AllSlices::Piece piece{image, 1, {row, row + rows}};
        if (piece != made) slices.make_v(t, piece, scratch);
        slices.write_block(t, piece, item / all_rows, scratch);
        made = piece;
        item += rows;
      }
  };
  return phase;
}

std::size_t half_in_tensor(const TransformForward& forward) {
  if (forward.kernel) return TransformForward::image_tensor;
  return forward.attributes.pool ? TransformForward::index_tensor + 1 : TransformForward::out_tensor + 1;
}
std::size_t half_out_tensor(const TransformForward& forward) {
  const std::size_t first_workspace =
      forward.attributes.pool ? TransformForward::index_tensor + 1 : TransformForward::out_tensor + 1;
  return forward.kernel ? first_workspace : first_workspace + 1;
}

/// An item is a few output channels of one group: each makes V for itself.
Phase slices_phase(const std::shared_ptr<const TransformForward>& forward, std::int64_t batch) {
  const TransformConv& conv = forward->conv;
  const ByGroups block(*forward, batch);
  const std::int64_t images =
      forward->kernel ? conv.remaking_block_images(block.v_elements(1) + block.m_elements(1), batch) : block.images;
  const std::int64_t v_elements = block.v_elements(images);
  Phase phase{"slices",
              conv.shape().groups * forward->out_width() / kernels::transform_channels,
              false,
              base::checked_mul(
                  base::checked_add(base::checked_add(v_elements, block.m_elements(images)), forward->made_elements()),
                  sizeof(float)),
              {},
              forward->out_width() / kernels::transform_channels};
  phase.run = [forward, images, v_elements](Tensors tensors, const Work& work) {
    const TransformConv& conv = forward->conv;
    float* const scratch = reinterpret_cast<float*>(work.scratch);
    const float* const half_in = tensor<const float>(tensors, half_in_tensor(*forward));
    float* const half_out = tensor<float>(tensors, half_out_tensor(*forward));
    conv.for_each_group(Side::out, work, [&](std::int32_t group, std::int64_t first, std::int64_t end) {
      for (std::int64_t i = 0; i < work.batch; i += images) {
        const std::int64_t count = std::min(images, work.batch - i);
        const Slices<float> v = conv.slices_at(scratch, count, forward->in_width());
        conv.to_slices(*forward->table, Side::in, half_in + i * conv.half_elements(Side::in), count, 0,
                       forward->in_width(), group, v);
        multiply_group(*forward, v, count, tensor<const float>(tensors, TransformForward::kernel_tensor), group, first,
                       end, scratch + v_elements, half_out + i * conv.half_elements(Side::out));
      }
    });
  };
  return phase;
}

Phase output_phase(const std::shared_ptr<const TransformForward>& forward) {
  Phase phase{"output",
              forward->out_width() / kernels::transform_channels,
              true,
              base::checked_mul(forward->map_elements(), sizeof(float)),
              {}};
  phase.run = [forward](Tensors tensors, const Work& work) {
    const TransformConv& conv = forward->conv;
    conv.for_each_image(Side::out, work, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      write_image_of_half(*forward, ForwardTensors(*forward, tensors), i,
                          tensor<const float>(tensors, half_out_tensor(*forward)) + i * conv.half_elements(Side::out),
                          first, first + count, reinterpret_cast<float*>(work.scratch));
    });
  };
  return phase;
}

}  // namespace

namespace {

/// Not its slices.
bool is_kernel(const TensorSpec& weights) noexcept {
  return weights.storage == Storage::packed;
}

}  // namespace

std::vector<TensorSpec> TransformConv2D::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("conv2d: expected image, slices of the kernel, and bias");
  const TensorSpec image{image_}, kernel{{3, 3, image_[2], out_channels_}, Storage::packed};
  const std::vector<TensorSpec> outputs = Conv2D(attributes_).infer({image, kernel, inputs[2]});
  if (is_kernel(inputs[1]))
    expect_inputs(*this, inputs, {TransformRows(transform_, attributes_.window).infer({image})[0], kernel, inputs[2]});
  else
    expect_inputs(*this, inputs, {image, WeightSlices(transform_).infer({kernel})[0], inputs[2]});
  return outputs;
}

Step TransformConv2D::lower(const LowerRequest& request) const {
  const auto forward = std::make_shared<const TransformForward>(TransformForward{
      {transform_, attributes_.window, extent_of({image_}), image_[2], out_channels_},
      attributes_,
      extent_of(request.outputs[0]),
      request.kernels.float_table(),
      is_kernel(request.inputs[1]) ? std::optional(weights_layout(request.inputs[1], request.kernels.channel_block()))
                                   : std::nullopt});
  const auto half_bytes = [&](Side side) {
    return base::checked_mul(forward->conv.half_elements(side, request.batch), sizeof(float));
  };
  const std::string name = forward->conv.shape().name;
  if (forward->kernel) {
    constexpr PhaseRange slices{0, 0}, output{1, 1};
    return {name,
            {slices_phase(forward, request.batch), output_phase(forward)},
            {half_bytes(Side::out)},
            {slices, slices, output, output}};
  }
  Step step = shares_tile_rows(*forward)
                  ? Step{name, {tile_rows_phase(forward)}}
                  : Step{name,
                         {transform_rows_phase(forward->conv, *forward->table, TransformForward::image_tensor,
                                               half_in_tensor(*forward)),
                          slices_phase(forward, request.batch), output_phase(forward)},
                         {half_bytes(Side::in), half_bytes(Side::out)}};
  step.depth_first = takes_all_slices(*forward, request.batch) ? depth_first<AllSlices>(forward, request.batch)
                                                               : depth_first<ByGroups>(forward, request.batch);
  step.min_images = forward->conv.min_images();
  return step;
}

double TransformConv2D::flops(const LowerRequest& request) const {
  return conv_flops(request, attributes_.window.out(extent_of({image_})), {3, 3, image_[2], out_channels_});
}

}  // namespace tilewise::ops
