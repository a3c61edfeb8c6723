#pragma once

#include <algorithm>

#include "ops/op_cases.hpp"
#include "ops/window_cases.hpp"

// What convolutions and dense layers have in common: a bias and a sum of products. A Case has the specs image(),
// kernel(), bias() and result(), batch, out_channels, forward_terms() and backward_terms(), and
// for_products(f), which calls f(output element, its channel, input element, kernel element) for every product.
namespace tilewise::test {

inline Values zeros(const ops::TensorSpec& spec, std::int64_t batch) {
  return Values(static_cast<std::size_t>(element_count(spec, batch)), 0.0);
}

/// bias + the sum of products, which a convolution and a dense layer have in common.
template <class Case>
Values sum_of_products(const Case& c, bool has_bias, const Inputs& in) {
  Values y = zeros(c.result(), c.batch);
  const auto channels = static_cast<std::size_t>(c.out_channels);
  if (has_bias)
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = in[2][i % channels];
  c.for_products([&](std::size_t output, std::size_t, std::size_t input, std::size_t weight) {
    y[output] += in[0][input] * in[1][weight];
  });
  return y;
}

inline Values rectified(Values values) {
  for (double& value : values) value = std::max(value, 0.0);
  return values;
}

template <class Case>
OpCase draw_forward(Pick& pick, const Case& c, std::shared_ptr<const ops::Op> op, bool relu) {
  const bool has_bias = pick(0, 2) != 0;
  OpCase made{std::move(op),
              {c.image(), c.kernel(), has_bias ? c.bias() : ops::TensorSpec{}},
              {pick.values(c.image(), c.batch), pick.values(c.kernel()), pick.values(c.bias())},
              c.batch};
  made.definition = [=](const Inputs& in) {
    const Values sum = sum_of_products(c, has_bias, in);
    return Inputs{relu ? rectified(sum) : sum};
  };
  made.terms = c.forward_terms();
  if (!relu) made.affine = has_bias ? std::vector<std::size_t>{0, 1, 2} : std::vector<std::size_t>{0, 1};
  made.differentiable = made.affine;
  return made;
}

/// inputs: out_gradient; image; the kernel as the op takes it, `weights`, in which each kernel element has its place.
template <class Case, class Place>
OpCase draw_backward(Pick& pick, const Case& c, const ops::TensorSpec& weights, std::shared_ptr<const ops::Op> op,
                     Place place_in_weights) {
  OpCase made{std::move(op),
              {c.result(), c.image(), weights},
              {pick.values(c.result(), c.batch), pick.values(c.image(), c.batch), pick.values(weights)},
              c.batch};
  made.definition = [=](const Inputs& in) {
    Values image = zeros(c.image(), c.batch), kernel = zeros(c.kernel(), 1), bias = zeros(c.bias(), 1);
    c.for_products([&](std::size_t output, std::size_t, std::size_t input, std::size_t weight) {
      image[input] += in[0][output] * in[2][place_in_weights(weight)];
      kernel[weight] += in[0][output] * in[1][input];
    });
    for (std::size_t i = 0; i < in[0].size(); ++i) bias[i % bias.size()] += in[0][i];
    return Inputs{image, kernel, bias};
  };
  made.terms = c.backward_terms();
  return made;
}

}  // namespace tilewise::test
