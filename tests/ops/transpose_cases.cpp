#include "ops/conv2d_transpose.hpp"
#include "ops/product_cases.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

/// Any kernel, stride, dilation and output padding, and a padding that leaves something.
struct TransposeCase {
  ops::Window2D window;
  ops::Extent2D added;  ///< output padding
  std::int64_t in_channels, out_channels, height, width, batch;

  explicit TransposeCase(Pick& pick) : window(draw_window(pick, 7)) {
    added = {pick(1, std::max(window.stride.height, window.dilation.height)) - 1,
             pick(1, std::max(window.stride.width, window.dilation.width)) - 1};
    in_channels = pick.channels(20);
    out_channels = pick.channels(20);
    height = pick.size(7);
    width = pick.places(7);
    batch = pick.places(4);
    ops::Sides& pads = window.padding;
    const ops::Extent2D whole =
        ops::Window2D{window.size, window.stride, window.dilation}.transposed_out({height, width}, added);
    if (pads.top + pads.bottom >= whole.height) pads.top = pads.bottom = 0;
    if (pads.left + pads.right >= whole.width) pads.left = pads.right = 0;
  }
  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const { return packed({window.size.height, window.size.width, out_channels, in_channels}); }
  TensorSpec transposed() const { return packed({window.size.height, window.size.width, in_channels, out_channels}); }
  TensorSpec bias() const { return packed({out_channels}); }
  ops::Extent2D out() const { return window.transposed_out({height, width}, added); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
  template <class F>
  void for_products(F f) const {
    for_places(window, {height, width}, out(), batch, [&](std::int64_t from, std::int64_t tap, std::int64_t to) {
      for (std::int64_t n = 0; n < out_channels; ++n)
        for (std::int64_t k = 0; k < in_channels; ++k)
          f(static_cast<std::size_t>(to * out_channels + n), static_cast<std::size_t>(n),
            static_cast<std::size_t>(from * in_channels + k),
            static_cast<std::size_t>((tap * out_channels + n) * in_channels + k));
    });
  }
  std::int64_t forward_terms() const { return window.size.height * window.size.width * in_channels + 1; }
  std::int64_t backward_terms() const {
    return std::max(window.size.height * window.size.width * out_channels, batch * out().height * out().width);
  }

  /// Its taps in reverse, input and output channels exchanged.
  Values transpose(const Values& kernel) const {
    Values transposed(kernel.size());
    const std::int64_t taps = window.size.height * window.size.width;
    for (std::int64_t tap = 0, i = 0; tap < taps; ++tap)
      for (std::int64_t n = 0; n < out_channels; ++n)
        for (std::int64_t k = 0; k < in_channels; ++k, ++i)
          transposed[static_cast<std::size_t>(((taps - 1 - tap) * in_channels + k) * out_channels + n)] =
              kernel[static_cast<std::size_t>(i)];
    return transposed;
  }
};

OpCase draw_transposed(Pick& pick, kernels::Activation activation) {
  const TransposeCase c(pick);
  const bool relu = activation == kernels::Activation::relu;
  OpCase made = draw_forward(pick, c, std::make_shared<ops::Conv2DTranspose>(c.window, c.added, activation), relu);
  // image, kernel, bias become image, kernel, transposed, bias: what is computed from the third counts for the second.
  made.specs.insert(made.specs.begin() + 2, c.transposed());
  made.inputs.insert(made.inputs.begin() + 2, c.transpose(made.inputs[1]));
  made.definition = [of_three = made.definition](const Inputs& in) { return of_three({in[0], in[1], in[3]}); };
  for (std::vector<std::size_t>* inputs : {&made.affine, &made.differentiable})
    for (std::size_t& input : *inputs) input = input == 2 ? 3 : input;
  std::erase(made.differentiable, 1u);
  return made;
}
OpCase draw_conv2d_transpose(Pick& pick) {
  return draw_transposed(pick, kernels::Activation::none);
}
OpCase draw_conv2d_transpose_relu(Pick& pick) {
  return draw_transposed(pick, kernels::Activation::relu);
}
OpCase draw_conv2d_transpose_backward(Pick& pick) {
  const TransposeCase c(pick);
  return draw_backward(pick, c, c.kernel(), std::make_shared<ops::Conv2DTransposeBackward>(c.window, c.added),
                       [](std::size_t weight) { return weight; });
}

}  // namespace

std::vector<DrawnOp> transpose_ops() {
  return {{"conv2d_transpose", draw_conv2d_transpose},
          {"conv2d_transpose, rectified", draw_conv2d_transpose_relu},
          {"conv2d_transpose_backward", draw_conv2d_transpose_backward}};
}

}  // namespace tilewise::test
