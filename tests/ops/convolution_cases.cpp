#include <algorithm>

#include "ops/conv2d.hpp"
#include "ops/conv3x3_pool.hpp"
#include "ops/dense.hpp"
#include "ops/pooled_conv2d_backward.hpp"
#include "ops/product_cases.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

/// A convolution of any kernel, stride, dilation and padding, in one of three cases of two to four groups, or of many
/// groups of 1, 2 or 4 channels.
struct ConvCase {
  ops::Window2D window;
  std::int64_t groups, in_channels, out_channels, height, width, batch;

  explicit ConvCase(Pick& pick) : window(draw_window(pick, 7)) {
    groups = pick(0, 2) == 0 ? pick(2, 4) : 1;
    if (groups == 2) {
      groups = 1 + pick.channels(20);
      in_channels = out_channels = groups << pick(0, 2);
    } else {
      in_channels = groups * pick.channels(9);
      out_channels = groups * pick.channels(40);
    }
    height = least_height(window) - 1 + pick.size(8);
    width = least_width(window) - 1 + pick.places(8);
    batch = pick.places(5);
  }

  std::int64_t group_in() const { return in_channels / groups; }
  std::int64_t group_out() const { return out_channels / groups; }
  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const {
    return packed({window.size.height, window.size.width, group_in(), out_channels}, groups);
  }
  TensorSpec transposed() const {
    return packed({window.size.height, window.size.width, group_out(), in_channels}, groups);
  }
  TensorSpec bias() const { return packed({out_channels}, groups); }
  TensorSpec result() const {
    const ops::Extent2D out = window.out({height, width});
    return {{out.height, out.width, out_channels}};
  }

  /// f(output element, its channel, input element, kernel element) for every product.
  template <class F>
  void for_products(F f) const {
    for_places(window, window.out({height, width}), {height, width}, batch,
               [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
                 for (std::int64_t k = 0; k < group_in(); ++k)
                   for (std::int64_t n = 0; n < out_channels; ++n)
                     f(static_cast<std::size_t>(to * out_channels + n), static_cast<std::size_t>(n),
                       static_cast<std::size_t>(from * in_channels + n / group_out() * group_in() + k),
                       static_cast<std::size_t>((tap * group_in() + k) * out_channels + n));
               });
  }
  std::int64_t forward_terms() const { return window.size.height * window.size.width * group_in() + 1; }
  /// Of the longest of the three sums.
  std::int64_t backward_terms() const {
    return std::max(window.size.height * window.size.width * group_out(), element_count(result(), batch));
  }
};

OpCase draw_conv2d(Pick& pick) {
  const ConvCase c(pick);
  return draw_forward(
      pick, c, std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = c.window, .groups = c.groups}), false);
}
OpCase draw_conv2d_relu(Pick& pick) {
  const ConvCase c(pick);
  const ops::Conv2DAttributes attributes{c.window, kernels::Activation::relu, {}, c.groups};
  return draw_forward(pick, c, std::make_shared<ops::Conv2D>(attributes), true);
}

/// One kernel's taps in reverse, and input and output channels of each group exchanged.
OpCase draw_conv2d_backward(Pick& pick) {
  const ConvCase c(pick);
  const auto place = [c](std::size_t weight) {
    const auto i = static_cast<std::int64_t>(weight);
    const std::int64_t n = i % c.out_channels, k = i / c.out_channels % c.group_in(),
                       tap = i / c.out_channels / c.group_in(), taps = c.window.size.height * c.window.size.width;
    const std::int64_t group = n / c.group_out();
    return static_cast<std::size_t>(((taps - 1 - tap) * c.group_out() + n % c.group_out()) * c.in_channels +
                                    group * c.group_in() + k);
  };
  return draw_backward(pick, c, c.transposed(),
                       std::make_shared<ops::Conv2DBackward>(c.window, c.kernel().shape, c.groups), place);
}

struct DenseCase {
  std::int64_t in_channels, out_channels, batch;

  explicit DenseCase(Pick& pick)
      : in_channels(pick(0, 19) == 0 ? 500 + pick.channels(60) : pick.channels(60)),
        out_channels(pick.channels(60)),
        batch(pick(0, 9) == 0 ? 28 + pick.places(12) : pick.places(12)) {}
  TensorSpec image() const { return {{in_channels}}; }
  TensorSpec kernel() const { return packed({in_channels, out_channels}); }
  TensorSpec bias() const { return packed({out_channels}); }
  TensorSpec result() const { return {{out_channels}}; }
  template <class F>
  void for_products(F f) const {
    for (std::int64_t i = 0; i < batch; ++i)
      for (std::int64_t k = 0; k < in_channels; ++k)
        for (std::int64_t n = 0; n < out_channels; ++n)
          f(static_cast<std::size_t>(i * out_channels + n), static_cast<std::size_t>(n),
            static_cast<std::size_t>(i * in_channels + k), static_cast<std::size_t>(k * out_channels + n));
  }
  std::int64_t forward_terms() const { return in_channels + 1; }
  std::int64_t backward_terms() const { return std::max(out_channels, batch); }
};

OpCase draw_dense(Pick& pick) {
  return draw_forward(pick, DenseCase(pick), std::make_shared<ops::Dense>(), false);
}
OpCase draw_dense_relu(Pick& pick) {
  return draw_forward(pick, DenseCase(pick), std::make_shared<ops::Dense>(kernels::Activation::relu), true);
}
OpCase draw_dense_backward(Pick& pick) {
  const DenseCase c(pick);
  return draw_backward(pick, c, c.kernel(), std::make_shared<ops::DenseBackward>(),
                       [](std::size_t weight) { return weight; });
}

/// The op of a convolution, ReLU and max-pool: the largest of each window where that is above zero, and its position.
OpCase draw_pooled_conv2d(Pick& pick) {
  ConvCase c(pick);
  ops::Window2D pool{{pick(1, 2), 2}, {2, pick(2, 3)}};
  if (pick(0, 3) == 0) {  // what kernel conv3x3_pool_tile does
    c.groups = c.in_channels = 1;
    c.out_channels = pick.channels(40);
    c.window = {{3, 3}, {1, 1}, {1, 1}, c.window.padding};
    c.height = std::max(c.height, least_height(c.window));
    c.width = std::max(c.width, least_width(c.window));
    pool.size.height = 2;
  }
  c.height += pool.size.height * c.window.stride.height;
  c.width += 2 * c.window.stride.width;
  const bool relu = pick.flag();
  ops::Conv2DAttributes attributes{c.window, relu ? kernels::Activation::relu : kernels::Activation::none, pool,
                                   c.groups};
  attributes.winograd = ops::Conv3x3Pool::can_do_winograd(attributes, c.in_channels) && pick.flag();
  OpCase made = draw_forward(pick, c, std::make_shared<ops::Conv2D>(attributes), relu);
  if (attributes.winograd)
    for (double& weight : made.inputs[1]) weight *= 2;  // so that whole ones can be halved
  made.definition = [=, of_sum = made.definition](const Inputs& in) {
    const Values map = of_sum(in)[0];
    const Shape& shape = c.result().shape;
    const ops::Extent2D out = pool.out({shape[0], shape[1]});
    const auto channels = static_cast<std::size_t>(c.out_channels);
    Values largest(static_cast<std::size_t>(c.batch * out.height * out.width) * channels, relu ? 0 : -1e30);
    Values index(largest.size(), kernels::dead_index_u8);
    for_places(pool, out, {shape[0], shape[1]}, c.batch,
               [&](std::int64_t to, std::int64_t position, std::int64_t from) {
                 for (std::size_t n = 0; n < channels; ++n) {
                   const std::size_t output = static_cast<std::size_t>(to) * channels + n;
                   const double value = map[static_cast<std::size_t>(from) * channels + n];
                   if (value <= largest[output]) continue;
                   largest[output] = value;
                   index[output] = static_cast<double>(position);
                 }
               });
    return Inputs{largest, index};
  };
  made.affine = made.differentiable = {};
  return made;
}

/// From the gradient of pooled outputs, and the positions that they came from.
OpCase draw_pooled_conv2d_backward(Pick& pick) {
  ConvCase c(pick);
  c.groups = 1;
  c.in_channels = pick(1, 4);
  c.out_channels = pick.channels(40);
  c.window.dilation = {1, 1};
  c.window.size = {std::min<std::int64_t>(c.window.size.height, 8), std::min<std::int64_t>(c.window.size.width, 8)};
  c.window.stride = {std::min(c.window.stride.height, c.window.size.height),
                     std::min(c.window.stride.width, c.window.size.width)};
  const ops::Window2D pool{{2, 2}, {pick(2, 3), pick(2, 3)}};
  c.height = std::max(c.height, least_height(c.window)) + c.window.stride.height;
  c.width = std::max(c.width, least_width(c.window)) + c.window.stride.width;
  const Shape map = c.result().shape;
  const ops::Extent2D out = pool.out({map[0], map[1]});
  const TensorSpec pooled{{out.height, out.width, c.out_channels}};
  Values index(static_cast<std::size_t>(element_count(pooled, c.batch)));
  for (double& position : index) position = pick(0, 3) == 0 ? double{kernels::dead_index_u8} : double(pick(0, 3));
  OpCase made{std::make_shared<ops::PooledConv2DBackward>(c.window, pool, c.kernel().shape),
              {pooled, of_element(pooled, ops::Element::u8), c.image()},
              {pick.values(pooled, c.batch), index, pick.values(c.image(), c.batch)},
              c.batch};
  made.definition = [=](const Inputs& in) {
    Values unpooled = zeros(c.result(), c.batch), kernel = zeros(c.kernel(), 1), bias = zeros(c.bias(), 1);
    const auto channels = static_cast<std::size_t>(c.out_channels);
    for_places(pool, out, {map[0], map[1]}, c.batch, [&](std::int64_t to, std::int64_t position, std::int64_t from) {
      for (std::size_t n = 0; n < channels; ++n) {
        const std::size_t output = static_cast<std::size_t>(to) * channels + n;
        if (in[1][output] != static_cast<double>(position)) continue;
        unpooled[static_cast<std::size_t>(from) * channels + n] = in[0][output];
        bias[n] += in[0][output];
      }
    });
    c.for_products([&](std::size_t output, std::size_t, std::size_t input, std::size_t weight) {
      kernel[weight] += unpooled[output] * in[2][input];
    });
    return Inputs{kernel, bias};
  };
  made.terms = c.backward_terms();
  return made;
}

}  // namespace

std::vector<DrawnOp> convolution_ops() {
  return {{"conv2d", draw_conv2d},
          {"conv2d, rectified", draw_conv2d_relu},
          {"conv2d, pooled", draw_pooled_conv2d},
          {"conv2d_backward", draw_conv2d_backward},
          {"pooled_conv2d_backward", draw_pooled_conv2d_backward},
          {"dense", draw_dense},
          {"dense, rectified", draw_dense_relu},
          {"dense_backward", draw_dense_backward}};
}

}  // namespace tilewise::test
