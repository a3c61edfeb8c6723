#include "ops/transform_conv2d.hpp"

#include <algorithm>

#include "ops/image.hpp"

namespace tilewise::ops {

namespace {

using Side = TransformConv::Side;

/// The forward pass: V, then M of one block of output channels at a time.
struct TransformForward {
  TransformConv conv;
  Conv2DAttributes attributes;
  Extent2D pooled;  ///< output without pool

  WeightSlicesLayout layout = conv.weights(false);
  std::int64_t out_image() const noexcept { return pooled.height * pooled.width * conv.channels(Side::out); }

  /// The map of a few channels, before it is pooled.
  std::int64_t map_elements() const noexcept {
    return attributes.pool ? conv.extent(Side::out).height * conv.extent(Side::out).width * kernels::transform_channels
                           : 0;
  }

  /// Channels [first, first + count) of one image's result, from slices that begin with them.
  void write(const kernels::KernelTable<float>& table, const Slices<const float>& m, std::int64_t first,
             std::int64_t count, const float* bias, float* out, std::uint8_t* index, float* map) const {
    const std::int64_t channels = conv.channels(Side::out);
    if (bias) bias += first;
    if (!attributes.pool) {
      conv.from_slices(table, Side::out, m, count,
                       {out + first, pooled.width * channels, channels, bias, attributes.activation});
      return;
    }
    const Window2D& window = *attributes.pool;
    const Extent2D full = conv.extent(Side::out);
    for (std::int64_t part = 0; part < count; part += kernels::transform_channels) {
      constexpr std::int64_t column = kernels::transform_channels;
      const std::int64_t used = std::min(kernels::transform_channels, count - part);
      conv.from_slices(table, Side::out, m.at_channel(part), used,
                       {map, full.width * column, column, bias ? bias + part : nullptr, kernels::Activation::none});
      for (std::int64_t row = 0; row < pooled.height; ++row) {
        const std::int64_t place = row * pooled.width * channels + first + part;
        table.max_pool({.in = map + row * window.stride.height * full.width * column,
                        .out = out + place,
                        .index = index ? index + place : nullptr,
                        .in_step = window.stride.width * column,
                        .in_row = full.width * column,
                        .in_column = column,
                        .out_step = channels,
                        .count = pooled.width,
                        .channels = used,
                        .window = {.rows = static_cast<std::int32_t>(window.size.height),
                                   .columns = static_cast<std::int32_t>(window.size.width),
                                   .first_row = 0,
                                   .first_column = 0,
                                   .window_columns = static_cast<std::int32_t>(window.size.width)},
                        .wide_index = false,
                        .activation = attributes.activation});
      }
    }
  }
};

// Tensors of forward: image, slices of the kernel, bias, output, with a pool its index, V, M.
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

/// Blocks of images, each through all stages.
Phase depth_first(const kernels::KernelTable<float>& table, const std::shared_ptr<const TransformForward>& forward) {
  const std::int64_t images = forward->conv.block_images(forward->conv.channels(Side::in) + forward->layout.width(0));
  const std::int64_t tiles = images * forward->conv.tiles();
  const std::int64_t v_elements = forward->conv.slices_elements(tiles, forward->conv.channels(Side::in));
  const std::int64_t m_elements = forward->conv.slices_elements(tiles, forward->layout.width(0));
  Phase phase{
      "forward", 1, true, (v_elements + m_elements + forward->map_elements()) * std::int64_t{sizeof(float)}, {}};
  phase.run = [&table, forward, images, tiles, v_elements, m_elements](Tensors tensors, const Work& work) {
    const TransformConv& conv = forward->conv;
    const ForwardTensors t(*forward, tensors);
    float* const scratch = reinterpret_cast<float*>(work.scratch);
    const Slices<float> v = conv.slices_at(scratch, tiles, conv.channels(Side::in));
    float* const map = scratch + v_elements + m_elements;
    const std::int64_t all = work.image_end - work.image_begin, blocks = base::ceil_div(all, images);
    for (std::int64_t number = 0; number < blocks; ++number) {
      const std::int64_t first = work.image_begin + base::part_begin(number, blocks, all);
      const std::int64_t count = work.image_begin + base::part_begin(number + 1, blocks, all) - first;
      for (std::int64_t i = 0; i < count; ++i)
        conv.to_slices(table, Side::in, t.image + (first + i) * conv.image_elements(Side::in), 0,
                       conv.channels(Side::in), v.at_tile(i * conv.tiles()));
      for (std::int64_t block = 0; block < forward->layout.blocks(); ++block) {
        const Slices<float> m = conv.slices_at(scratch + v_elements, tiles, forward->layout.width(block));
        conv.multiply(table, v, count * conv.tiles(), forward->layout, t.weights, block, 0, conv.slices(), m);
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t out = (first + i) * forward->out_image();
          forward->write(table, m.at_tile(i * conv.tiles()), forward->layout.first_channel(block),
                         forward->layout.channels(block), t.bias, t.out + out, t.index ? t.index + out : nullptr, map);
        }
      }
    }
  };
  return phase;
}

/// The stages one after the other, each over all lanes, for batches that are too small to go around.
void add_phases(const kernels::KernelTable<float>& table, const std::shared_ptr<const TransformForward>& forward,
                std::int64_t batch, Step& step) {
  const std::size_t v_tensor = forward->attributes.pool ? index_tensor + 1 : out_tensor + 1, m_tensor = v_tensor + 1;
  constexpr std::int64_t chunk = kernels::transform_channels;
  const TransformConv& conv = forward->conv;
  const std::int64_t tiles = batch * conv.tiles();
  const std::int64_t in_channels = conv.channels(Side::in), out_channels = conv.channels(Side::out);
  step.workspace_bytes.push_back(conv.slices_elements(tiles, in_channels) * std::int64_t{sizeof(float)});
  step.workspace_bytes.push_back(conv.slices_elements(tiles, out_channels) * std::int64_t{sizeof(float)});

  const auto v_of = [forward, tiles, in_channels, v_tensor](Tensors tensors) {
    return forward->conv.slices_at(tensor<float>(tensors, v_tensor), tiles, in_channels);
  };
  const auto m_of = [forward, tiles, out_channels, m_tensor](Tensors tensors) {
    return forward->conv.slices_at(tensor<float>(tensors, m_tensor), tiles, out_channels);
  };
  step.phases.push_back({"input", base::ceil_div(in_channels, chunk), true, 0,
                         [&table, forward, v_of, in_channels](Tensors tensors, const Work& work) {
                           const ForwardTensors t(*forward, tensors);
                           const std::int64_t first = work.item_begin * chunk;
                           const std::int64_t end = std::min(in_channels, work.item_end * chunk);
                           for (std::int64_t i = work.image_begin; i < work.image_end; ++i)
                             forward->conv.to_slices(table, Side::in,
                                                     t.image + i * forward->conv.image_elements(Side::in), first,
                                                     end - first, v_of(tensors).at_tile(i * forward->conv.tiles()));
                         }});
  step.phases.push_back({"multiply", conv.slices() * forward->layout.blocks(), false, 0,
                         [&table, forward, v_of, m_of](Tensors tensors, const Work& work) {
                           const ForwardTensors t(*forward, tensors);
                           const Slices<float> v = v_of(tensors);
                           const std::int64_t slices = forward->conv.slices();
                           for (std::int64_t item = work.item_begin; item < work.item_end;) {
                             const std::int64_t block = item / slices, slice = item % slices;
                             const std::int64_t count = std::min(slices - slice, work.item_end - item);
                             forward->conv.multiply(table, v, work.batch * forward->conv.tiles(), forward->layout,
                                                    t.weights, block, slice, count,
                                                    m_of(tensors).at_channel(forward->layout.first_channel(block)));
                             item += count;
                           }
                         }});
  step.phases.push_back(
      {"output", base::ceil_div(out_channels, chunk), true, forward->map_elements() * std::int64_t{sizeof(float)},
       [&table, forward, m_of, out_channels](Tensors tensors, const Work& work) {
         const ForwardTensors t(*forward, tensors);
         const Slices<float> m = m_of(tensors);
         const std::int64_t first = work.item_begin * chunk;
         const std::int64_t end = std::min(out_channels, work.item_end * chunk);
         for (std::int64_t i = work.image_begin; i < work.image_end; ++i) {
           const std::int64_t out = i * forward->out_image();
           forward->write(table, m.at_tile(i * forward->conv.tiles()).at_channel(first), first, end - first, t.bias,
                          t.out + out, t.index ? t.index + out : nullptr, reinterpret_cast<float*>(work.scratch));
         }
       }});
}

}  // namespace

std::vector<TensorSpec> TransformConv2D::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("conv2d: expected image, slices of the kernel, and bias");
  expect_image(*this, inputs[0]);
  const TensorSpec kernel{{3, 3, inputs[0].shape[2], out_channels_}, Storage::packed};
  expect_inputs(*this, inputs, {inputs[0], WeightSlices(transform_, false).infer({kernel})[0], inputs[2]});
  return Conv2D(attributes_).infer({inputs[0], kernel, inputs[2]});
}

Step TransformConv2D::lower(const LowerRequest& request) const {
  const Extent2D in = extent_of(request.inputs[0]);
  const auto forward = std::make_shared<const TransformForward>(
      TransformForward{{transform_, attributes_.window, in, request.inputs[0].shape[2], out_channels_},
                       attributes_,
                       extent_of(request.outputs[0])});
  const kernels::KernelTable<float>& table = *request.kernels.float_table();
  Step step{forward->conv.shape().name, {}};
  add_phases(table, forward, request.batch, step);
  step.depth_first = depth_first(table, forward);
  step.min_images = forward->conv.min_images();
  return step;
}

}  // namespace tilewise::ops
