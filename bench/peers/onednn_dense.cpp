#include "onednn_api.hpp"
#include "onednn_pass.hpp"

namespace tilewise::bench::onednn {

namespace {

using dnnl::memory;

dnnl::inner_product_forward::primitive_desc describe_forward(const Primitives& primitives, const Task& task,
                                                             dnnl::prop_kind kind, const dnnl::primitive_attr& attr) {
  return describe<dnnl::inner_product_forward>(primitives.engine(), attr, kind, task.image(task.x()),
                                               task.kernel().any(), task.bias().plain(), task.image(task.y()));
}

void add_forward(Primitives& primitives, const Task& task) {
  const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_inference, with_relu());
  const memory y = primitives.empty(forward.dst_desc());
  primitives.add(
      forward, {{DNNL_ARG_SRC, primitives.filled(forward.src_desc(), task.ours.given("x"), task.x())},
                {DNNL_ARG_WEIGHTS, primitives.filled(forward.weights_desc(), task.ours.given("kernel"), task.kernel())},
                {DNNL_ARG_BIAS, primitives.filled(forward.bias_desc(), task.ours.given("bias"), task.bias())},
                {DNNL_ARG_DST, y}});
  primitives.add_result(y, task.y());
}

void add_data(Primitives& primitives, const Task& task, const dnnl::inner_product_forward::primitive_desc& forward) {
  const auto data = describe_backward<dnnl::inner_product_backward_data>(
      primitives.engine(), forward, task.image(task.x()), task.kernel().any(), task.image(task.y()));
  const memory x_gradient = primitives.empty(data.diff_src_desc());
  primitives.add(
      data, {{DNNL_ARG_DIFF_DST, primitives.filled(data.diff_dst_desc(), task.ours.given("out_gradient"), task.y())},
             {DNNL_ARG_WEIGHTS, primitives.filled(data.weights_desc(), task.ours.given("kernel"), task.kernel())},
             {DNNL_ARG_DIFF_SRC, x_gradient}});
  primitives.add_result(x_gradient, task.x());
}

void add_weights(Primitives& primitives, const Task& task, const dnnl::inner_product_forward::primitive_desc& forward) {
  const auto weights = describe_backward<dnnl::inner_product_backward_weights>(
      primitives.engine(), forward, task.image(task.x()), task.kernel().any(), task.bias().plain(),
      task.image(task.y()));
  const memory kernel_gradient = primitives.empty(weights.diff_weights_desc());
  const memory bias_gradient = primitives.empty(weights.diff_bias_desc());
  primitives.add(weights, {{DNNL_ARG_SRC, primitives.filled(weights.src_desc(), task.ours.given("x"), task.x())},
                           {DNNL_ARG_DIFF_DST,
                            primitives.filled(weights.diff_dst_desc(), task.ours.given("out_gradient"), task.y())},
                           {DNNL_ARG_DIFF_WEIGHTS, kernel_gradient},
                           {DNNL_ARG_DIFF_BIAS, bias_gradient}});
  primitives.add_result(kernel_gradient, task.kernel());
  primitives.add_result(bias_gradient, task.bias());
}

}  // namespace

void add_dense(Primitives& primitives, const Task& task) {
  if (task.setting.pass == Pass::forward) return add_forward(primitives, task);
  const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_training, dnnl::primitive_attr());
  if (task.setting.pass != Pass::backward_weights) add_data(primitives, task, forward);
  if (task.setting.pass != Pass::backward_data) add_weights(primitives, task, forward);
}

}  // namespace tilewise::bench::onednn
