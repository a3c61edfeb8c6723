#include <algorithm>

#include "ops/conv_weights_gradient.hpp"
#include "ops/flops.hpp"
#include "ops/image.hpp"
#include "ops/transform_conv2d.hpp"
#include "ops/transform_rows.hpp"

// The adjoint of each stage: Z of the output's gradient, once for both; the input's gradient from Z * U transposed; the
// weights' from the sum over tiles of V * Z. A group of slices goes through all of it at once.
namespace tilewise::ops {

namespace {

using Side = TransformConv::Side;

constexpr std::int64_t chunk = kernels::transform_channels;

// Tensors: what the output's gradient is made from, half-transformed image, transposed kernel, the second of what that
// gradient is made from; gradients of image, kernel and bias; the half-transformed output gradient, image gradient and
// weights' gradient; the bias gradients of the images.
enum : std::size_t {
  out_gradient_tensor,
  half_v_tensor,
  kernel_tensor,
  second_tensor,
  image_gradient_tensor,
  weights_gradient_tensor,
  bias_gradient_tensor,
  half_z_tensor,
  half_image_gradient_tensor,
  half_weights_tensor,
  bias_sums_tensor
};

struct TransformBackward {
  TransformConv conv;
  std::int64_t batch;
  bool data, weights, bias;  ///< which gradients are wanted
  const kernels::KernelTable<float>* table;
  base::WeightsLayout transposed;  ///< of the transposed kernel
  GradientMaps gradient;

  /// The weights' gradient half transformed: coefficients of the rows times taps of a column.
  WeightSlicesLayout half_weights{3 * conv.shape().slots, conv.channels(Side::in), conv.channels(Side::out)};
  std::int64_t width(Side side) const noexcept { return filled(conv.channels(side)); }
};

/// Rows of the output's gradient, and each image's part of the bias gradient, while it is in the cache.
Phase rows_phase(const std::shared_ptr<const TransformBackward>& backward) {
  const GradientMaps& gradient = backward->gradient;
  Phase phase{"gradient",
              backward->width(Side::out) / chunk,
              true,
              base::checked_mul(gradient.scratch_elements(), sizeof(float)),
              {}};
  phase.run = [backward](Tensors tensors, const Work& work) {
    const TransformConv& conv = backward->conv;
    const std::int64_t channels = conv.channels(Side::out), places = conv.image_elements(Side::out) / channels;
    const auto some_channels = [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      const ImageMap map =
          backward->gradient.make(*backward->table, tensor<const float>(tensors, out_gradient_tensor),
                                  tensors[second_tensor], i, first, count, reinterpret_cast<float*>(work.scratch));
      if (backward->data || backward->weights)
        conv.to_half(*backward->table, Side::out, map, first, count,
                     tensor<float>(tensors, half_z_tensor) + i * conv.half_elements(Side::out));
      if (backward->bias)
        backward->table->column_sum({map.data, tensor<float>(tensors, bias_sums_tensor) + i * channels + first,
                                     map.column_step, places, count, false});
    };
    conv.for_each_image(Side::out, work, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      for (std::int64_t end = first + count, some; first < end; first += some) {
        some = std::min(end - first, backward->gradient.channels_at_a_time());
        some_channels(i, first, some);
      }
    });
  };
  return phase;
}

/// All that a group of slices does. An item is a few input channels of one group: each makes Z for itself.
class GroupPhase {
 public:
  explicit GroupPhase(std::shared_ptr<const TransformBackward> backward)
      : b_(std::move(backward)), images_(block_images(*b_)) {}

  Phase phase() const {
    const std::int64_t elements = base::checked_add(sums_begin(), b_->weights ? sums_elements() : 0);
    Phase phase{"slices", b_->conv.shape().groups * b_->width(Side::in) / chunk,
                false,    base::checked_mul(elements, sizeof(float)),
                {},       b_->width(Side::in) / chunk};
    phase.run = [groups = *this](Tensors tensors, const Work& work) {
      groups.b_->conv.for_each_group(Side::in, work, [&](std::int32_t group, std::int64_t first, std::int64_t end) {
        for (std::int64_t image = 0; image == 0 || image < work.batch; image += groups.images_)
          groups.run(tensors, {image, std::min(groups.images_, work.batch - image)}, group, first, end,
                     reinterpret_cast<float*>(work.scratch));
      });
    };
    return phase;
  }

 private:
  struct Images {
    std::int64_t first, count;
  };

  /// Of the order of the sums of V * Z: a matter of shapes only.
  static std::int64_t block_images(const TransformBackward& backward) {
    const TransformConv& conv = backward.conv;
    const std::int64_t elements =
        base::checked_add(conv.group_elements(1, backward.width(Side::out)),
                          base::checked_mul(2, conv.group_elements(1, backward.width(Side::in))));
    return conv.remaking_block_images(elements, backward.batch);
  }

  // Scratch: Z, V and M of a block of images, a block of U, sums of V * Z of `chunk` rows and a block of columns.
  std::int64_t v_begin() const { return b_->conv.group_elements(images_, b_->width(Side::out)); }
  std::int64_t m_begin() const {
    return base::checked_add(v_begin(), b_->weights ? b_->conv.group_elements(images_, b_->width(Side::in)) : 0);
  }
  ScratchSlices u() const noexcept {
    return {b_->conv.shape().group_slices(), b_->conv.channels(Side::out), b_->conv.channels(Side::in)};
  }
  std::int64_t u_begin() const {
    return base::checked_add(m_begin(), b_->data ? b_->conv.group_products_elements(images_, u().width()) : 0);
  }
  std::int64_t sums_begin() const { return base::checked_add(u_begin(), b_->data ? u().elements() : 0); }
  std::int64_t sums_step(std::int64_t block) const noexcept {
    return chunk * b_->half_weights.width(block) + slice_gap;
  }
  std::int64_t sums_elements() const noexcept { return b_->conv.shape().group_slices() * sums_step(0); }

  /// Input channels [first, end) of one group, for a block of images.
  void run(Tensors tensors, Images images, std::int32_t group, std::int64_t first, std::int64_t end,
           float* scratch) const {
    const TransformConv& conv = b_->conv;
    const auto half_of = [&](std::size_t index, Side side) {
      return tensor<float>(tensors, index) + images.first * conv.half_elements(side);
    };
    const Slices<float> z = conv.slices_at(scratch, images.count, b_->width(Side::out));
    conv.to_slices(*b_->table, Side::out, half_of(half_z_tensor, Side::out), images.count, 0, b_->width(Side::out),
                   group, z);
    if (b_->data)
      multiply(tensor<const float>(tensors, kernel_tensor), z, images.count, group, first, end, scratch,
               half_of(half_image_gradient_tensor, Side::in));
    if (!b_->weights) return;
    const Slices<float> v = conv.slices_at(scratch + v_begin(), images.count, end - first);
    conv.to_slices(*b_->table, Side::in, half_of(half_v_tensor, Side::in), images.count, first, end - first, group, v);
    const std::int64_t last = std::min(end, conv.channels(Side::in));
    for (std::int64_t channel = first; channel < last; channel += chunk)
      for (std::int64_t block = 0; block < b_->half_weights.blocks(); ++block)
        sum_tiles({v.data + channel - first, v.step, v.width}, z, images, group, block, channel,
                  std::min(chunk, last - channel), scratch + sums_begin(), tensor<float>(tensors, half_weights_tensor));
  }

  void multiply(const float* packed, const Slices<const float>& z, std::int64_t images, std::int32_t group,
                std::int64_t first, std::int64_t end, float* scratch, float* half) const {
    const TransformConv& conv = b_->conv;
    const PackedKernel kernel{b_->transposed, packed, true};
    for (std::int64_t count; first < end; first += count) {
      count = std::min(end - first, this->u().width());
      const WeightGroup<float> u = this->u().at(scratch + u_begin(), count);
      kernel.to_slices(*b_->table, conv.transform(), {group, group + 1}, 0, conv.channels(Side::out), first, count, u);
      const Slices<float> m = conv.slices_at(scratch + m_begin(), images, count);
      conv.multiply(*b_->table, Side::in, z, images * conv.tiles(), u, {group, group + 1}, count, m);
      conv.from_slices(*b_->table, Side::in, m, images, first, group, half);
    }
  }

  void sum_tiles(const Slices<const float>& v, const Slices<const float>& z, Images images, std::int32_t group,
                 std::int64_t block, std::int64_t channel, std::int64_t rows, float* sums, float* half) const {
    const WeightSlicesLayout& to = b_->half_weights;
    const std::int64_t width = to.width(block);
    b_->table->slice_gradient({.in = v.data,
                               .gradient = z.data + to.first_channel(block),
                               .out = sums,
                               .in_slice = v.step,
                               .in_step = v.width,
                               .gradient_slice = z.step,
                               .gradient_step = z.width,
                               .out_slice = sums_step(block),
                               .out_step = width,
                               .slices = b_->conv.shape().slices_of(group),
                               .count = images.count * b_->conv.tiles(),
                               .rows = rows,
                               .channels = static_cast<std::int32_t>(width),
                               .narrow_tiles = b_->table->narrow_tiles});
    b_->table->of(b_->conv.transform())
        .weight_half({.slices = sums,
                      .half = half + to.begin(block) + channel * width,
                      .slice_step = sums_step(block),
                      .slices_row = width,
                      .half_step = to.slice_step(block),
                      .half_row = width,
                      .rows = rows,
                      .channels = width,
                      .groups = {group, group + 1},
                      .accumulate = images.first > 0});
  }

  std::shared_ptr<const TransformBackward> b_;
  std::int64_t images_;
};

/// The gradients of kernel and bias, packed. An item is a few input channels of a block of output channels; the first
/// of a block has its bias gradient, too.
class WeightsGradient {
 public:
  explicit WeightsGradient(std::shared_ptr<const TransformBackward> backward) : b_(std::move(backward)) {}

  Phase phase() const {
    Phase phase{"weights", parts() * from().blocks(), false, 0, {}};
    phase.run = [gradient = *this](Tensors tensors, const Work& work) {
      for (std::int64_t item = work.item_begin; item < work.item_end; ++item) {
        const std::int64_t block = item / gradient.parts(), part = item % gradient.parts();
        if (tensors[weights_gradient_tensor]) gradient.write(tensors, block, part * chunk);
        if (tensors[bias_gradient_tensor] && part == 0) gradient.sum_bias(tensors, work.batch, block);
      }
    };
    return phase;
  }

 private:
  const WeightSlicesLayout& from() const noexcept { return b_->half_weights; }
  std::int64_t parts() const noexcept { return base::ceil_div(from().in, chunk); }

  /// Each block of channels is one or several of the packed ones.
  void write(Tensors tensors, std::int64_t block, std::int64_t first) const {
    const base::WeightsLayout to{9, from().in, from().out, b_->table->channel_block};
    kernels::WeightTapsArgs<float> args{};
    args.half_step = from().slice_step(block);
    args.half_row = from().width(block);
    args.tap_column = to.in * to.block;
    args.tap_row = 3 * args.tap_column;
    args.taps_row = to.block;
    args.rows = std::min(chunk, to.in - first);
    for (std::int64_t channel = 0; channel < from().width(block); channel += args.channels) {
      const std::int64_t n = from().first_channel(block) + channel;
      args.channels = std::min(to.block, from().width(block) - channel);
      args.half =
          tensor<const float>(tensors, half_weights_tensor) + from().begin(block) + first * args.half_row + channel;
      args.taps = tensor<float>(tensors, weights_gradient_tensor) + to.position(n) + first * to.block;
      b_->table->of(b_->conv.transform()).weight_taps(args);
      // What fills up a packed block is zero, whatever 0 * infinity made of it.
      const std::int64_t used = std::min(to.block, to.out - n);
      for (std::int64_t row = 0; used < to.block && row < 9 * args.rows; ++row)
        std::fill_n(args.taps + (row / args.rows * to.in + row % args.rows) * to.block + used, to.block - used, 0.f);
    }
  }

  void sum_bias(Tensors tensors, std::int64_t batch, std::int64_t block) const {
    const base::WeightsLayout to{1, 1, from().out, b_->table->channel_block};
    const std::int64_t end = from().first_channel(block) + from().channels(block);
    for (std::int64_t n = from().first_channel(block); n < end; n += to.block)
      sum_bias_gradient(*b_->table, tensor<const float>(tensors, bias_sums_tensor), batch, to, n / to.block,
                        tensor<float>(tensors, bias_gradient_tensor), false);
  }

  std::shared_ptr<const TransformBackward> b_;
};

/// Rows of the image's gradient.
Phase image_gradient_phase(const std::shared_ptr<const TransformBackward>& backward) {
  Phase phase{"data", backward->width(Side::in) / chunk, true, 0, {}};
  phase.run = [backward](Tensors tensors, const Work& work) {
    const TransformConv& conv = backward->conv;
    const std::int64_t channels = conv.channels(Side::in);
    conv.for_each_image(Side::in, work, [&](std::int64_t i, std::int64_t first, std::int64_t count) {
      conv.from_half(*backward->table, Side::in,
                     tensor<const float>(tensors, half_image_gradient_tensor) + i * conv.half_elements(Side::in), first,
                     count,
                     {tensor<float>(tensors, image_gradient_tensor) + i * conv.image_elements(Side::in) + first,
                      conv.extent(Side::in).width * channels, channels});
    });
  };
  return phase;
}

/// What the rows, the slices, the weights' gradient and, last of all, the image's gradient touch.
std::vector<PhaseRange> uses(std::size_t last, bool data) {
  constexpr std::size_t rows = 0, slices = 1;
  const std::size_t weights = data ? last - 1 : last;
  std::vector<PhaseRange> of(bias_sums_tensor + 1);
  of[out_gradient_tensor] = of[second_tensor] = {rows, rows};
  of[half_v_tensor] = of[kernel_tensor] = {slices, slices};
  of[half_z_tensor] = {rows, slices};
  of[half_image_gradient_tensor] = {slices, last};
  of[half_weights_tensor] = {slices, weights};
  of[bias_sums_tensor] = {rows, weights};
  of[weights_gradient_tensor] = of[bias_gradient_tensor] = {weights, weights};
  of[image_gradient_tensor] = {last, last};
  return of;
}

}  // namespace

std::vector<TensorSpec> TransformConv2DBackward::infer(const std::vector<TensorSpec>& inputs) const {
  if (inputs.size() != 4)
    throw ShapeError(
        "conv2d_backward: expected a gradient, image's rows, transposed kernel, and what the gradient is of");
  const TensorSpec image{image_};
  const std::vector<TensorSpec> outputs = Conv2DBackward(window_, kernel_shape_).infer({output(), image, inputs[2]});
  expect_inputs(*this, inputs,
                {source_.gradient_spec(output()),
                 is_absent(inputs[1]) ? inputs[1] : TransformRows(transform_, window_).infer({image})[0], inputs[2],
                 source_.second_spec(output())});
  return outputs;
}

Step TransformConv2DBackward::lower(const LowerRequest& request) const {
  const auto backward = std::make_shared<const TransformBackward>(TransformBackward{
      {transform_, window_, extent_of({image_}), kernel_shape_[2], kernel_shape_[3]},
      request.batch,
      request.wanted[0],
      request.wanted[1],
      request.wanted[2],
      request.kernels.float_table(),
      request.wanted[0] ? weights_layout(request.inputs[2], request.kernels.channel_block()) : base::WeightsLayout{},
      {source_, output()}});
  const TransformConv& conv = backward->conv;
  const auto bytes = [](std::int64_t elements) { return base::checked_mul(elements, sizeof(float)); };
  Step step{conv.shape().name, {}};
  const bool slices = backward->data || backward->weights;
  step.workspace_bytes = {slices ? bytes(conv.half_elements(Side::out, request.batch)) : 0,
                          backward->data ? bytes(conv.half_elements(Side::in, request.batch)) : 0,
                          backward->weights ? bytes(backward->half_weights.elements()) : 0,
                          backward->bias ? bytes(base::checked_mul(request.batch, conv.channels(Side::out))) : 0};
  step.phases.push_back(rows_phase(backward));
  if (slices) step.phases.push_back(GroupPhase(backward).phase());
  if (backward->weights || backward->bias) step.phases.push_back(WeightsGradient(backward).phase());
  if (backward->data) step.phases.push_back(image_gradient_phase(backward));
  step.uses = uses(step.phases.size() - 1, backward->data);
  return step;
}

double TransformConv2DBackward::flops(const LowerRequest& request) const {
  return conv_flops(request, extent_of(output()), kernel_shape_, wanted_passes(request));
}

}  // namespace tilewise::ops
