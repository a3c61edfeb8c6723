#include <algorithm>

#include "ops/conv_weights_gradient.hpp"
#include "ops/image.hpp"
#include "ops/transform_conv2d.hpp"

// The adjoint of each stage: Z of the output's gradient, once for both; the input's gradient from Z * U transposed; the
// weights' from the sum over tiles of V * Z.
namespace tilewise::ops {

namespace {

using Side = TransformConv::Side;

/// Input channels of one item of the weights' gradient.
constexpr std::int64_t row_channels = 16;

// Tensors: gradient of the output, image, slices of the transposed kernel; gradients of image, kernel and bias; Z, V.
enum : std::size_t {
  out_gradient_tensor,
  image_tensor,
  kernel_tensor,
  image_gradient_tensor,
  weights_gradient_tensor,
  bias_gradient_tensor,
  z_tensor,
  v_tensor
};

struct TransformBackward {
  TransformConv conv;
  std::int64_t batch;
  WeightSlicesLayout transposed = conv.weights(true);

  std::int64_t tiles() const noexcept { return batch * conv.tiles(); }
  Slices<float> slices_of(Tensors tensors, Side side) const noexcept {
    return conv.slices_at(tensor<float>(tensors, side == Side::in ? v_tensor : z_tensor), tiles(), conv.channels(side));
  }
  std::int64_t slices_bytes(Side side) const noexcept {
    return conv.slices_elements(tiles(), conv.channels(side)) * std::int64_t{sizeof(float)};
  }
};

/// V or Z of the whole batch.
Phase transform_phase(const kernels::KernelTable<float>& table,
                      const std::shared_ptr<const TransformBackward>& backward, const char* name, Side side,
                      std::size_t from) {
  constexpr std::int64_t chunk = kernels::transform_channels;
  Phase phase{name, base::ceil_div(backward->conv.channels(side), chunk), true, 0, {}};
  phase.run = [&table, backward, side, from](Tensors tensors, const Work& work) {
    const TransformConv& conv = backward->conv;
    const Slices<float> slices = backward->slices_of(tensors, side);
    const std::int64_t first = work.item_begin * chunk, end = std::min(conv.channels(side), work.item_end * chunk);
    for (std::int64_t i = work.image_begin; i < work.image_end; ++i)
      conv.to_slices(table, side, tensor<const float>(tensors, from) + i * conv.image_elements(side), first,
                     end - first, slices.at_tile(i * conv.tiles()));
  };
  return phase;
}

/// The image's gradient. Item = a block of its channels.
Phase data_phase(const kernels::KernelTable<float>& table, const std::shared_ptr<const TransformBackward>& backward) {
  const TransformConv& conv = backward->conv;
  const std::int64_t images = std::min(backward->batch, conv.block_images(backward->transposed.width(0)));
  const std::int64_t scratch = conv.slices_elements(images * conv.tiles(), backward->transposed.width(0));
  Phase phase{"data", backward->transposed.blocks(), true, scratch * std::int64_t{sizeof(float)}, {}};
  phase.run = [&table, backward, images](Tensors tensors, const Work& work) {
    const TransformConv& conv = backward->conv;
    const Slices<float> z = backward->slices_of(tensors, Side::out);
    const std::int64_t channels = conv.channels(Side::in), width = conv.extent(Side::in).width;
    const std::int64_t all = work.image_end - work.image_begin, parts = base::ceil_div(all, images);
    for (std::int64_t part = 0; part < parts; ++part) {
      const std::int64_t first = work.image_begin + base::part_begin(part, parts, all);
      const std::int64_t count = work.image_begin + base::part_begin(part + 1, parts, all) - first;
      for (std::int64_t block = work.item_begin; block < work.item_end; ++block) {
        const Slices<float> products = conv.slices_at(reinterpret_cast<float*>(work.scratch), images * conv.tiles(),
                                                      backward->transposed.width(block));
        conv.multiply(table, z.at_tile(first * conv.tiles()), count * conv.tiles(), backward->transposed,
                      tensor<const float>(tensors, kernel_tensor), block, 0, conv.slices(), products);
        for (std::int64_t i = 0; i < count; ++i)
          conv.from_slices(table, Side::in, products.at_tile(i * conv.tiles()), backward->transposed.channels(block),
                           {tensor<float>(tensors, image_gradient_tensor) +
                                (first + i) * conv.image_elements(Side::in) + backward->transposed.first_channel(block),
                            width * channels, channels});
      }
    }
  };
  return phase;
}

/// The gradients of kernel and bias, packed. An item owns row_channels input channels of a block of output channels;
/// the first of a block its bias gradient, too.
class WeightsGradient {
 public:
  WeightsGradient(const kernels::KernelTable<float>& table, const std::shared_ptr<const TransformBackward>& backward,
                  kernels::Transform transform)
      : table_(&table), backward_(backward), transform_(transform) {}

  Phase phase() const {
    Phase phase{
        "weights", row_parts() * weights().blocks(), false, scratch_elements() * std::int64_t{sizeof(float)}, {}};
    phase.run = [gradient = *this](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) gradient.run(tensors, work, item);
    };
    return phase;
  }

 private:
  WeightSlicesLayout weights() const noexcept { return backward_->conv.weights(false); }
  std::int64_t row_parts() const noexcept { return base::ceil_div(weights().in, row_channels); }
  std::int64_t slice_step(std::int64_t block) const noexcept {
    return row_channels * weights().width(block) + slice_gap;
  }
  std::int64_t scratch_elements() const noexcept { return weights().slices * slice_step(0); }

  void run(Tensors tensors, const Work& work, std::int64_t item) const {
    const std::int64_t block = item / row_parts(), part = item % row_parts();
    const std::int64_t first = base::part_begin(part, row_parts(), weights().in);
    const std::int64_t rows = base::part_begin(part + 1, row_parts(), weights().in) - first;
    if (float* const gradient = tensor<float>(tensors, weights_gradient_tensor)) {
      float* const slices = reinterpret_cast<float*>(work.scratch);
      sum_tiles(tensors, work.batch, block, first, rows, slices);
      write(slices, block, first, rows, gradient);
    }
    if (part == 0) sum_bias(tensors, work.batch, block);
  }

  void sum_tiles(Tensors tensors, std::int64_t batch, std::int64_t block, std::int64_t first, std::int64_t rows,
                 float* slices) const {
    const Slices<float> v = backward_->slices_of(tensors, Side::in), z = backward_->slices_of(tensors, Side::out);
    table_->slice_gradient({.in = v.data + first,
                            .gradient = z.data + weights().first_channel(block),
                            .out = slices,
                            .in_slice = v.step,
                            .in_step = v.width,
                            .gradient_slice = z.step,
                            .gradient_step = z.width,
                            .out_slice = slice_step(block),
                            .out_step = weights().width(block),
                            .slices = weights().slices,
                            .count = batch * backward_->conv.tiles(),
                            .rows = rows,
                            .channels = static_cast<std::int32_t>(weights().width(block)),
                            .accumulate = false});
  }

  /// Each block of channels is one or several of the packed ones.
  void write(float* slices, std::int64_t block, std::int64_t first, std::int64_t rows, float* gradient) const {
    const base::WeightsLayout to{9, weights().in, weights().out, table_->channel_block};
    kernels::WeightSlicesArgs<float> args{};
    args.tap_column = to.in * to.block;
    args.tap_row = 3 * args.tap_column;
    args.taps_row = to.block;
    args.slice_step = slice_step(block);
    args.slices_row = weights().width(block);
    args.rows = rows;
    args.adjoint = true;
    for (std::int64_t channel = 0; channel < weights().width(block); channel += args.channels) {
      const std::int64_t n = weights().first_channel(block) + channel;
      args.channels = std::min(to.block, weights().width(block) - channel);
      args.taps = gradient + to.position(n) + first * to.block;
      args.slices = slices + channel;
      table_->of(transform_).weight_slices(args);
      // What fills up a packed block is zero, whatever 0 * infinity made of it.
      const std::int64_t used = std::min(to.block, to.out - n);
      for (std::int64_t row = 0; used < to.block && row < 9 * rows; ++row)
        std::fill_n(args.taps + (row / rows * to.in + row % rows) * to.block + used, to.block - used, 0.f);
    }
  }

  void sum_bias(Tensors tensors, std::int64_t batch, std::int64_t block) const {
    float* const gradient = tensor<float>(tensors, bias_gradient_tensor);
    if (!gradient) return;
    const base::WeightsLayout to{1, 1, weights().out, table_->channel_block};
    const Extent2D out = backward_->conv.extent(Side::out);
    const std::int64_t end = weights().first_channel(block) + weights().channels(block);
    for (std::int64_t n = weights().first_channel(block); n < end; n += to.block)
      sum_bias_gradient(*table_, tensor<const float>(tensors, out_gradient_tensor), batch * out.height * out.width, to,
                        n / to.block, gradient, false);
  }

  const kernels::KernelTable<float>* table_;
  std::shared_ptr<const TransformBackward> backward_;
  kernels::Transform transform_;
};

}  // namespace

std::vector<TensorSpec> TransformConv2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 3)
    throw ShapeError("conv2d_backward: expected out_gradient, image and slices of the transposed kernel");
  const TensorSpec transposed{{3, 3, kernel_shape_[3], kernel_shape_[2]}, Storage::packed};
  if (!is_absent(inputs[2]))
    expect_inputs(*this, inputs, {inputs[0], inputs[1], WeightSlices(transform_, true).infer({transposed})[0]});
  return Conv2DBackward(window_, kernel_shape_).infer({inputs[0], inputs[1], {}});
}

Step TransformConv2DBackward::lower(const LowerRequest& request) const {
  const auto backward = std::make_shared<const TransformBackward>(TransformBackward{
      {transform_, window_, extent_of(request.inputs[1]), kernel_shape_[2], kernel_shape_[3]}, request.batch});
  const kernels::KernelTable<float>& table = *request.kernels.float_table();
  const bool weights = request.wanted[1] || request.wanted[2];
  Step step{backward->conv.shape().name, {}};
  step.workspace_bytes = {backward->slices_bytes(Side::out), weights ? backward->slices_bytes(Side::in) : 0};
  step.phases.push_back(transform_phase(table, backward, "gradient", Side::out, out_gradient_tensor));
  if (request.wanted[0]) step.phases.push_back(data_phase(table, backward));
  if (weights) {
    step.phases.push_back(transform_phase(table, backward, "input", Side::in, image_tensor));
    step.phases.push_back(WeightsGradient(table, backward, transform_).phase());
  }
  step.min_images = backward->conv.min_images();
  return step;
}

}  // namespace tilewise::ops
