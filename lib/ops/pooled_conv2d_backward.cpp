#include "ops/pooled_conv2d_backward.hpp"

#include "base/checked.hpp"
#include "ops/conv2d.hpp"
#include "ops/flops.hpp"
#include "ops/gradient_slots.hpp"
#include "ops/image.hpp"
#include "ops/pooled_strips.hpp"
#include "tilewise/error.hpp"

namespace tilewise::ops {

namespace {

constexpr std::size_t out_gradient_tensor = 0, index_tensor = 1, image_tensor = 2, weights_tensor = 3, bias_tensor = 4,
                      workspace_tensor = 5;

/// The sums of one slot: chunks of the batch, each a strip of one image, in order.
struct SlotSum {
  PooledStrips strips;
  GradientSlots slots;
  std::int64_t out_channels;

  std::int64_t strip_elements() const noexcept { return strips.in_rows(strips.rows()) * strips.row_elements(); }
  /// Quads of a strip of so many rows; none begins in its last rows and elements.
  std::int64_t quads(std::int64_t in_rows) const noexcept {
    return (in_rows - strips.window.stride.height) * strips.row_elements() -
           strips.window.stride.width * strips.in_channels;
  }
  std::int64_t scratch_elements() const noexcept { return strip_elements() + 4 * quads(strips.in_rows(strips.rows())); }

  /// For the blocks [begin, end) of output channels.
  template <class T>
  void run(const kernels::KernelTable<T>& table, Tensors tensors, std::int64_t number, std::int64_t begin,
           std::int64_t end, const Gradients<T>& sums, const Work& work) const {
    slots.clear(sums, begin, end);
    T* const strip = reinterpret_cast<T*>(work.scratch);
    T* const quads_of_strip = strip + strip_elements();
    const std::int64_t pieces = base::ceil_div(strips.out.height, strips.rows()), count = work.batch * pieces;
    for (std::int64_t chunk = base::part_begin(number, slots.count, count);
         chunk < base::part_begin(number + 1, slots.count, count); ++chunk) {
      const std::int64_t image = chunk / pieces, row = chunk % pieces * strips.rows();
      const std::int64_t row_end = std::min(row + strips.rows(), strips.out.height);
      if (sums.weights) {
        strips.copy(
            tensor<const T>(tensors, image_tensor) + image * strips.in.height * strips.in.width * strips.in_channels,
            row, row_end, strip);
        table.pool_quads({.in = strip,
                          .out = quads_of_strip,
                          .in_row = strips.window.stride.height * strips.row_elements(),
                          .in_column = strips.window.stride.width * strips.in_channels,
                          .count = quads(strips.in_rows(row_end - row))});
      }
      for (std::int64_t block = begin; block < end; ++block)
        run_tile(table, tensors, quads_of_strip, image, row, row_end, block, sums);
    }
  }

 private:
  template <class T>
  void run_tile(const kernels::KernelTable<T>& table, Tensors tensors, const T* quads, std::int64_t image,
                std::int64_t row, std::int64_t row_end, std::int64_t block, const Gradients<T>& sums) const {
    const base::WeightsLayout::Channels channels = slots.layout.channels(block);
    const std::int64_t place = (image * strips.out.height + row) * strips.out.width * out_channels + channels.first;
    kernels::PooledWeightsTileArgs<T> args{};
    args.quads = quads;
    args.out_gradient = tensor<const T>(tensors, out_gradient_tensor) + place;
    args.index = tensor<const std::uint8_t>(tensors, index_tensor) + place;
    if (sums.weights) {
      args.weights_gradient = slots.weights_of(sums, block);
      args.tap_rows = static_cast<std::int32_t>(strips.window.size.height);
      args.tap_columns = static_cast<std::int32_t>(strips.window.size.width * strips.in_channels);
    }
    if (sums.bias) args.bias_gradient = slots.bias_of(sums, block);
    args.quads_row = 4 * strips.row_step() * strips.row_elements();
    args.quads_column = 4 * strips.column_step() * strips.in_channels;
    args.tap_row = 4 * strips.window.dilation.height * strips.row_elements();
    args.out_row = strips.out.width * out_channels;
    args.out_column = out_channels;
    args.rows = row_end - row;
    args.columns = strips.out.width;
    args.out_channels = static_cast<std::int32_t>(channels.count);
    table.pooled_weights_tile(args);
  }
};

}  // namespace

bool PooledConv2DBackward::can_do(const Window2D& window, const Window2D& pool, const Shape& kernel_shape,
                                  std::int64_t groups) noexcept {
  constexpr std::int64_t few_channels = 4, most_extent = 8;
  const auto is_small = [](std::int64_t size, std::int64_t stride) { return size <= most_extent && stride <= size; };
  return Conv2D::can_pool(pool) && pool.size == Extent2D{2, 2} && groups == 1 && kernel_shape[2] <= few_channels &&
         is_small(window.size.height, window.stride.height) && is_small(window.size.width, window.stride.width) &&
         window.dilation == Extent2D{1, 1};  // so that the taps of a row are neighbours, and a strip is short
}

std::vector<TensorSpec> PooledConv2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3) throw ShapeError("pooled_conv2d_backward: expected out_gradient, index and image");
  expect_image(*this, inputs[2]);
  expect_filled(*this, kernel_shape_);
  if (!can_do(window_, pool_, kernel_shape_, 1))
    throw ArgumentError(
        "pooled_conv2d_backward: expected few input channels, a small window without dilation or gaps, and a pool of "
        "2x2");
  const Extent2D in = extent_of(inputs[2]);
  const TensorSpec out = image_spec(pool_.out(window_.out(in)), kernel_shape_[3]);
  TensorSpec index = out;
  index.element = Element::u8;
  expect_inputs(*this, inputs, {out, index, image_spec(in, kernel_shape_[2])});
  return {{kernel_shape_, Storage::packed}, {{kernel_shape_[3]}, Storage::packed}};
}

Step PooledConv2DBackward::lower(const LowerRequest& request) const {
  const PooledStrips strips(window_, pool_, extent_of(request.inputs[2]), kernel_shape_[2]);
  const std::int64_t out_channels = kernel_shape_[3];
  const bool weights_wanted = request.wanted[0], bias_wanted = request.wanted[1];
  return request.kernels.visit([&]<class T>(const kernels::KernelTable<T>& table) {
    const GradientSlots slots{
        GradientSlots::count_for(out_channels),
        {window_.size.height * window_.size.width, kernel_shape_[2], out_channels, table.channel_block}};
    const SlotSum sum{strips, slots, out_channels};
    const std::int64_t blocks = slots.layout.blocks(), bytes = static_cast<std::int64_t>(sizeof(T));
    const auto slot_of = [=](Tensors tensors, std::int64_t number) {
      if (slots.count == 1) return Gradients<T>{tensor<T>(tensors, weights_tensor), tensor<T>(tensors, bias_tensor)};
      return slots.slot(tensor<T>(tensors, workspace_tensor), number, weights_wanted, bias_wanted);
    };
    Step step{"direct from the pool", {}, {}};
    step.phases.push_back({"weights", slots.count * blocks, false, base::checked_mul(sum.scratch_elements(), bytes),
                           [=, &table](Tensors tensors, const Work& work) {
                             for (std::int64_t begin = work.item_begin, end; begin < work.item_end; begin = end) {
                               const std::int64_t number = begin / blocks, first = begin % blocks;
                               end = std::min(work.item_end, (number + 1) * blocks);
                               sum.run(table, tensors, number, first, first + end - begin, slot_of(tensors, number),
                                       work);
                             }
                           }});
    if (slots.count == 1) return step;
    step.workspace_bytes.push_back(base::checked_mul(base::checked_mul(slots.count, bytes), slots.elements()));
    step.phases.push_back({"slots", blocks, false, 0, [=, &table](Tensors tensors, const Work& work) {
                             slots.add(table, tensor<T>(tensors, workspace_tensor),
                                       {tensor<T>(tensors, weights_tensor), tensor<T>(tensors, bias_tensor)},
                                       work.item_begin, work.item_end);
                           }});
    return step;
  });
}

double PooledConv2DBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, window_.out(extent_of(request.inputs[2])), kernel_shape_, int(request.wanted[0]));
}

}  // namespace tilewise::ops
