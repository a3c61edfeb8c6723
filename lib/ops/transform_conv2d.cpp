#include "ops/transform_conv2d.hpp"

#include <algorithm>
#include <optional>

#include "ops/flops.hpp"
#include "ops/image.hpp"
#include "ops/transform_rows.hpp"

namespace tilewise::ops {

namespace {

using Side = TransformConv::Side;

struct TransformForward {
  TransformConv conv;
  Conv2DAttributes attributes;
  Extent2D pooled;  ///< output without pool
  const kernels::KernelTable<float>* table;
  std::optional<base::WeightsLayout> kernel;  ///< of a kernel whose slices are made here

  WeightSlicesLayout layout{conv.shape().slices, conv.channels(Side::in), conv.channels(Side::out)};
  std::int64_t in_width() const noexcept { return filled(conv.channels(Side::in)); }
  std::int64_t out_width() const noexcept { return filled(conv.channels(Side::out)); }
  std::int64_t out_image() const noexcept { return pooled.height * pooled.width * conv.channels(Side::out); }

  ScratchSlices made{conv.channels(Side::in), conv.channels(Side::out)};
  /// Channels of U and M at a time.
  std::int64_t block_width() const noexcept {
    return kernel ? made.width() : std::min(out_width(), kernels::transform_block);
  }
  std::int64_t made_elements() const { return kernel ? made.elements(conv.shape()) : 0; }
  /// The map of a few channels, before it is pooled.
  std::int64_t map_elements() const noexcept {
    return attributes.pool ? conv.extent(Side::out).height * conv.extent(Side::out).width * kernels::transform_channels
                           : 0;
  }
};

// Tensors of forward: image or its rows, kernel or its slices, bias, output, with a pool its index; the
// half-transformed input, unless it is given, and output.
enum : std::size_t { image_tensor, kernel_tensor, bias_tensor, out_tensor, index_tensor };

struct ForwardTensors {
  const float *image, *weights, *bias;
  float* out;
  std::uint8_t* index;

  ForwardTensors(const TransformForward& forward, Tensors tensors)
      : image(tensor<const float>(tensors, image_tensor)),
        weights(tensor<const float>(tensors, kernel_tensor)),
        bias(tensor<const float>(tensors, bias_tensor)),
        out(tensor<float>(tensors, out_tensor)),
        index(forward.attributes.pool ? tensor<std::uint8_t>(tensors, index_tensor) : nullptr) {}
};

/// Channels [first, end) of image `i`, given what makes some channels of its map: transformed(first, count, target).
/// map: map_elements().
template <class F>
void write_image(const TransformForward& forward, const ForwardTensors& t, std::int64_t i, std::int64_t first,
                 std::int64_t end, float* map, const F& transformed) {
  const std::int64_t channels = forward.conv.channels(Side::out);
  const Extent2D pooled = forward.pooled, full = forward.conv.extent(Side::out);
  if (!forward.attributes.pool) {
    transformed(first, end - first,
                TransformConv::Target{t.out + i * forward.out_image() + first, pooled.width * channels, channels,
                                      t.bias ? t.bias + first : nullptr, forward.attributes.activation});
    return;
  }
  const Window2D& window = *forward.attributes.pool;
  for (; first < end; first += kernels::transform_channels) {
    constexpr std::int64_t column = kernels::transform_channels;
    const std::int64_t count = std::min(kernels::transform_channels, end - first);
    transformed(first, count,
                TransformConv::Target{map, full.width * column, column, t.bias ? t.bias + first : nullptr,
                                      kernels::Activation::none});
    for (std::int64_t row = 0; row < pooled.height; ++row) {
      const std::int64_t place = i * forward.out_image() + row * pooled.width * channels + first;
      forward.table->max_pool({.in = map + row * window.stride.height * full.width * column,
                               .out = t.out + place,
                               .index = t.index ? t.index + place : nullptr,
                               .in_step = window.stride.width * column,
                               .in_row = full.width * column,
                               .in_column = column,
                               .out_step = channels,
                               .count = pooled.width,
                               .channels = count,
                               .window = {.rows = static_cast<std::int32_t>(window.size.height),
                                          .columns = static_cast<std::int32_t>(window.size.width),
                                          .first_row = 0,
                                          .first_column = 0,
                                          .window_columns = static_cast<std::int32_t>(window.size.width)},
                               .wide_index = false,
                               .activation = forward.attributes.activation});
    }
  }
}

/// Of half-transformed output.
void write_image_of_half(const TransformForward& forward, const ForwardTensors& t, std::int64_t i, const float* half,
                         std::int64_t first, std::int64_t end, float* map) {
  write_image(forward, t, i, first, end, map,
              [&](std::int64_t channel, std::int64_t count, const TransformConv::Target& target) {
                forward.conv.from_half(*forward.table, Side::out, half, channel, count, target);
              });
}

/// A few images through all stages, all slices at once: V, then M of one block of output channels after the other.
struct AllSlices {
  const TransformForward& forward;
  std::int64_t images;

  AllSlices(const TransformForward& of, std::int64_t most)
      : forward(of), images(std::min(of.conv.block_images(v_elements(1) + m_elements(1)), most)) {}

  std::int64_t v_elements(std::int64_t count) const { return forward.conv.slices_elements(count, forward.in_width()); }
  std::int64_t m_elements(std::int64_t count) const {
    return forward.conv.products_elements(count, forward.block_width());
  }
  // Scratch: V, M, a half-transformed tile, the map of one image.
  std::int64_t half_begin() const { return base::checked_add(v_elements(images), m_elements(images)); }
  std::int64_t map_begin() const {
    return base::checked_add(half_begin(),
                             kernels::half_tile_elements(forward.conv.shape().slots, kernels::transform_channels));
  }
  std::int64_t scratch_elements() const { return base::checked_add(map_begin(), forward.map_elements()); }

  void run(const ForwardTensors& t, std::int64_t first, std::int64_t count, float* scratch) const {
    const TransformConv& conv = forward.conv;
    const kernels::KernelTable<float>& table = *forward.table;
    float* const half = scratch + half_begin();
    const Slices<float> v = conv.slices_at(scratch, count, forward.in_width());
    for (std::int64_t i = 0; i < count; ++i)
      conv.to_all_slices(table, t.image + (first + i) * conv.image_elements(Side::in), v.at_tile(i * conv.tiles()),
                         half);
    for (std::int64_t block = 0; block < forward.layout.blocks(); ++block) {
      const std::int64_t begin = forward.layout.first_channel(block);
      const Slices<float> m = conv.slices_at(scratch + v_elements(images), count, forward.layout.width(block));
      conv.multiply(table, Side::out, v, count * conv.tiles(), forward.layout.group_at(t.weights, block, 0),
                    {0, conv.shape().groups}, m.width, m);
      for (std::int64_t i = 0; i < count; ++i)
        write_image(forward, t, first + i, begin, begin + forward.layout.channels(block), scratch + map_begin(),
                    [&](std::int64_t channel, std::int64_t channels, const TransformConv::Target& target) {
                      Slices<float> of_image = m.at_tile(i * conv.tiles());
                      of_image.data += channel - begin;
                      conv.from_all_slices(table, of_image, channels, target, half);
                    });
    }
  }
};

/// U of one group and `count` output channels of a block. scratch: memory for made_elements().
WeightGroup<const float> weights_of(const TransformForward& forward, const float* weights, std::int32_t group,
                                    std::int64_t first, std::int64_t count, float* scratch) {
  const TransformConv& conv = forward.conv;
  if (!forward.kernel) {
    const std::int64_t block = first / kernels::transform_block;
    WeightGroup<const float> derived = forward.layout.group_at(weights, block, conv.shape().first_slice(group));
    derived.data += first - forward.layout.first_channel(block);
    return derived;
  }
  const WeightGroup<float> u = forward.made.at(scratch, count);
  PackedKernel{*forward.kernel, weights, false}.to_slices(*forward.table, conv.transform(), {group, group + 1}, 0,
                                                          conv.channels(Side::in), first, count, u);
  return u;
}

/// Channels [first, end) of half-transformed outputs from V of one group, a block of U at a time. scratch: memory for
/// M of a group and a block, then made_elements().
void multiply_group(const TransformForward& forward, const Slices<const float>& v, std::int64_t images,
                    const float* weights, std::int32_t group, std::int64_t first, std::int64_t end, float* scratch,
                    float* half) {
  const TransformConv& conv = forward.conv;
  float* const made = scratch + conv.group_products_elements(images, forward.block_width());
  for (std::int64_t count; first < end; first += count) {
    count = std::min(end - first, forward.block_width() - first % forward.block_width());
    const WeightGroup<const float> u = weights_of(forward, weights, group, first, count, made);
    const Slices<float> products = conv.slices_at(scratch, images, count);
    conv.multiply(*forward.table, Side::out, v, images * conv.tiles(), u, {group, group + 1}, count, products);
    conv.from_slices(*forward.table, Side::out, products, images, first, group, half);
  }
}

/// The same, a group of slices at a time, between half-transformed inputs and outputs: so the weights of many slices
/// are read once for more images than all of their slices would leave room for.
struct ByGroups {
  const TransformForward& forward;
  std::int64_t images;

  /// Half-transformed tiles may leave the cache, which also holds a group's weights.
  ByGroups(const TransformForward& of, std::int64_t most)
      : forward(of), images(std::min(of.conv.block_images(2 * (v_elements(1) + m_elements(1))), most)) {}

  std::int64_t v_elements(std::int64_t count) const { return forward.conv.group_elements(count, forward.in_width()); }
  std::int64_t m_elements(std::int64_t count) const {
    return forward.conv.group_products_elements(count, forward.block_width());
  }
  // Scratch: half-transformed input and output, V and M of one group, the map of one image.
  std::int64_t half_out_begin() const { return forward.conv.half_elements(Side::in, images); }
  std::int64_t v_begin() const {
    return base::checked_add(half_out_begin(), forward.conv.half_elements(Side::out, images));
  }
  std::int64_t m_begin() const { return base::checked_add(v_begin(), v_elements(images)); }
  std::int64_t map_begin() const { return base::checked_add(m_begin(), m_elements(images)); }
  std::int64_t scratch_elements() const { return base::checked_add(map_begin(), forward.map_elements()); }

  void run(const ForwardTensors& t, std::int64_t first, std::int64_t count, float* scratch) const {
    const TransformConv& conv = forward.conv;
    const kernels::KernelTable<float>& table = *forward.table;
    float* const half_out = scratch + half_out_begin();
    for (std::int64_t i = 0; i < count; ++i)
      conv.to_half(table, Side::in, conv.map_of(Side::in, t.image + (first + i) * conv.image_elements(Side::in), 0), 0,
                   conv.channels(Side::in), scratch + i * conv.half_elements(Side::in));
    const Slices<float> v = conv.slices_at(scratch + v_begin(), count, forward.in_width());
    for (std::int32_t group = 0; group < conv.shape().groups; ++group) {
      conv.to_slices(table, Side::in, scratch, count, 0, forward.in_width(), group, v);
      multiply_group(forward, v, count, t.weights, group, 0, forward.out_width(), scratch + m_begin(), half_out);
    }
    for (std::int64_t i = 0; i < count; ++i)
      write_image_of_half(forward, t, first + i, half_out + i * conv.half_elements(Side::out), 0,
                          conv.channels(Side::out), scratch + map_begin());
  }
};

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
  const AllSlices all(forward, batch);
  const std::int64_t images = std::min(forward.conv.images_of(enough_tiles), batch);
  return base::checked_add(all.v_elements(images), all.m_elements(images)) <= cache_elements;
}

// The stages one after the other, each over all lanes, for batches that are too small to go around.

std::size_t half_in_tensor(const TransformForward& forward) {
  if (forward.kernel) return image_tensor;
  return forward.attributes.pool ? index_tensor + 1 : out_tensor + 1;
}
std::size_t half_out_tensor(const TransformForward& forward) {
  const std::size_t first_workspace = forward.attributes.pool ? index_tensor + 1 : out_tensor + 1;
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
        multiply_group(*forward, v, count, tensor<const float>(tensors, kernel_tensor), group, first, end,
                       scratch + v_elements, half_out + i * conv.half_elements(Side::out));
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
  Step step{forward->conv.shape().name, {slices_phase(forward, request.batch), output_phase(forward)}};
  step.workspace_bytes = {half_bytes(Side::out)};
  if (forward->kernel) return step;
  step.phases.insert(step.phases.begin(),
                     transform_rows_phase(forward->conv, *forward->table, image_tensor, half_in_tensor(*forward)));
  step.workspace_bytes.insert(step.workspace_bytes.begin(), half_bytes(Side::in));
  step.depth_first = takes_all_slices(*forward, request.batch) ? depth_first<AllSlices>(forward, request.batch)
                                                               : depth_first<ByGroups>(forward, request.batch);
  step.min_images = forward->conv.min_images();
  return step;
}

double TransformConv2D::flops(const LowerRequest& request) const {
  return conv_flops(request, attributes_.window.out(extent_of({image_})), {3, 3, image_[2], out_channels_});
}

}  // namespace tilewise::ops
