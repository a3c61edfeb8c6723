#include "ops/depthwise_conv2d.hpp"
#include "ops/product_cases.hpp"
#include "ops/repeat_channels.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

struct DepthwiseCase {
  ops::Window2D window;
  std::int64_t out_channels, height, width, batch;

  explicit DepthwiseCase(Pick& pick) : window(draw_window(pick, 7)), out_channels(pick.channels(70)) {
    height = least_height(window) - 1 + pick.size(8);
    width = least_width(window) - 1 + pick.places(8);
    batch = pick.places(5);
  }
  TensorSpec image() const { return {{height, width, out_channels}}; }
  TensorSpec kernel() const { return packed({window.size.height, window.size.width, out_channels}); }
  /// Backward reads the kernel as it is.
  TensorSpec transposed() const { return kernel(); }
  TensorSpec bias() const { return packed({out_channels}); }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
  template <class F>
  void for_products(F f) const {
    for_places(window, out(), {height, width}, batch, [&](std::int64_t to, std::int64_t tap, std::int64_t from) {
      for (std::int64_t n = 0; n < out_channels; ++n)
        f(static_cast<std::size_t>(to * out_channels + n), static_cast<std::size_t>(n),
          static_cast<std::size_t>(from * out_channels + n), static_cast<std::size_t>(tap * out_channels + n));
    });
  }
  std::int64_t forward_terms() const { return window.size.height * window.size.width + 1; }
  std::int64_t backward_terms() const { return std::max(forward_terms(), batch * out().height * out().width); }
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
  return draw_backward(pick, c, std::make_shared<ops::DepthwiseConv2DBackward>(c.window),
                       [](std::size_t weight) { return weight; });
}

OpCase draw_repeat_channels(Pick& pick) {
  const TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(4), times = pick.size(5);
  const auto definition = [=](const Inputs& in) {
    Values repeated;
    for (const double value : in[0]) repeated.insert(repeated.end(), static_cast<std::size_t>(times), value);
    return Inputs{repeated};
  };
  return {
      std::make_shared<ops::RepeatChannels>(times), {spec}, {pick.values(spec, batch)}, batch, definition, {0}, {0}};
}

OpCase draw_repeat_channels_backward(Pick& pick) {
  const std::int64_t rows = pick.size(9), channels = pick.channels(20), batch = pick.places(4), times = pick.size(5);
  const TensorSpec spec{{rows, channels * times}};
  const auto definition = [=](const Inputs& in) {
    Values sums(in[0].size() / static_cast<std::size_t>(times), 0.0);
    for (std::size_t i = 0; i < in[0].size(); ++i) sums[i / static_cast<std::size_t>(times)] += in[0][i];
    return Inputs{sums};
  };
  OpCase made{
      std::make_shared<ops::RepeatChannelsBackward>(times), {spec}, {pick.values(spec, batch)}, batch, definition};
  made.terms = times;
  return made;
}

}  // namespace

std::vector<DrawnOp> depthwise_ops() {
  return {{"depthwise_conv2d", draw_depthwise_conv2d},
          {"depthwise_conv2d, rectified", draw_depthwise_conv2d_relu},
          {"depthwise_conv2d_backward", draw_depthwise_conv2d_backward},
          {"repeat_channels", draw_repeat_channels},
          {"repeat_channels_backward", draw_repeat_channels_backward}};
}

}  // namespace tilewise::test
