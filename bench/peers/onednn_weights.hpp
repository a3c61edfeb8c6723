#pragma once

#include "onednn_pass.hpp"

/// The primitives of layers with weights, from their descriptions: a dense layer's take what a convolution's take.
namespace tilewise::bench::onednn {

/// The next primitive; returns its result.
template <class Description>
dnnl::memory add_forward(Primitives& primitives, const Task& task, const Description& forward) {
  const dnnl::memory y = primitives.empty(forward.dst_desc());
  primitives.add(
      forward, {{DNNL_ARG_SRC, primitives.filled(forward.src_desc(), task.ours.given("x"), task.x())},
                {DNNL_ARG_WEIGHTS, primitives.filled(forward.weights_desc(), task.ours.given("kernel"), task.kernel())},
                {DNNL_ARG_BIAS, primitives.filled(forward.bias_desc(), task.ours.given("bias"), task.bias())},
                {DNNL_ARG_DST, y}});
  return y;
}

/// The next primitive and its result, the gradient of x; `gradient` is that of y.
template <class Description>
void add_backward_data(Primitives& primitives, const Task& task, const Description& data,
                       const dnnl::memory& gradient) {
  const dnnl::memory x_gradient = primitives.empty(data.diff_src_desc());
  primitives.add(data,
                 {{DNNL_ARG_DIFF_DST, gradient},
                  {DNNL_ARG_WEIGHTS, primitives.filled(data.weights_desc(), task.ours.given("kernel"), task.kernel())},
                  {DNNL_ARG_DIFF_SRC, x_gradient}});
  primitives.add_result(x_gradient, task.x());
}

/// The next primitive and its results, the gradients of kernel and bias; `gradient` is that of y.
template <class Description>
void add_backward_weights(Primitives& primitives, const Task& task, const Description& weights,
                          const dnnl::memory& gradient) {
  const dnnl::memory kernel_gradient = primitives.empty(weights.diff_weights_desc());
  const dnnl::memory bias_gradient = primitives.empty(weights.diff_bias_desc());
  primitives.add(weights, {{DNNL_ARG_SRC, primitives.filled(weights.src_desc(), task.ours.given("x"), task.x())},
                           {DNNL_ARG_DIFF_DST, gradient},
                           {DNNL_ARG_DIFF_WEIGHTS, kernel_gradient},
                           {DNNL_ARG_DIFF_BIAS, bias_gradient}});
  primitives.add_result(kernel_gradient, task.kernel());
  primitives.add_result(bias_gradient, task.bias());
}

}  // namespace tilewise::bench::onednn
