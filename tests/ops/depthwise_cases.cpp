#include "ops/depthwise_conv2d.hpp"
#include "ops/product_cases.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

struct DepthwiseCase {
  ops::Window2D window;
  std::int64_t in_channels, times, out_channels, height, width, batch;

  explicit DepthwiseCase(Pick& pick) : window(draw_window(pick, 7)), in_channels(pick.channels(70)) {
    const std::int64_t filters = pick.size(4);
    times = pick(0, 1) ? filters : 1;
    out_channels = in_channels * times;
    height = least_height(window) - 1 + pick.size(8);
    width = least_width(window) - 1 + pick.places(8);
    batch = pick.places(5);
  }
  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const { return packed({window.size.height, window.size.width, out_channels}); }
  TensorSpec bias() const { return packed({out_channels}); }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
  template <class F>
  void for_products(F f) const {
    for_places(window, out(), {height, width}, batch, [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
      for (std::int64_t n = 0; n < out_channels; ++n)
        f(static_cast<std::size_t>(to * out_channels + n), static_cast<std::size_t>(n),
          static_cast<std::size_t>(from * in_channels + n / times), static_cast<std::size_t>(tap * out_channels + n));
    });
  }
  std::int64_t forward_terms() const { return window.size.height * window.size.width + 1; }
  std::int64_t backward_terms() const { return std::max(forward_terms() * times, batch * out().height * out().width); }
};

OpCase draw_depthwise_conv2d(Pick& pick) {
  const DepthwiseCase c(pick);
  return draw_forward(pick, c, std::make_shared<ops::DepthwiseConv2D>(c.window), false);
}
OpCase draw_depthwise_conv2d_relu(Pick& pick) {
  const DepthwiseCase c(pick);
  return draw_forward(pick, c, std::make_shared<ops::DepthwiseConv2D>(c.window, kernels::Activation::relu), true);
}
OpCase draw_depthwise_conv2d_backward(Pick& pick) {
  const DepthwiseCase c(pick);
  return draw_backward(pick, c, c.kernel(), std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                       [](std::size_t weight) { return weight; });
}

}  // namespace

std::vector<DrawnOp> depthwise_ops() {
  return {{"depthwise_conv2d", draw_depthwise_conv2d},
          {"depthwise_conv2d, rectified", draw_depthwise_conv2d_relu},
          {"depthwise_conv2d_backward", draw_depthwise_conv2d_backward}};
}

}  // namespace tilewise::test
