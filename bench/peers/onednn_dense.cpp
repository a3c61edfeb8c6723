#include "onednn_api.hpp"
#include "onednn_weights.hpp"

namespace tilewise::bench::onednn {

namespace {

using dnnl::memory;

dnnl::inner_product_forward::primitive_desc describe_forward(const Primitives& primitives, const Task& task,
                                                             dnnl::prop_kind kind, const dnnl::primitive_attr& attr) {
  return describe<dnnl::inner_product_forward>(primitives.engine(), attr, kind, task.image(task.x()),
                                               task.kernel().any(), task.bias().plain(), task.image(task.y()));
}

memory out_gradient(Primitives& primitives, const Task& task, const memory::desc& kind) {
  return primitives.filled(kind, task.ours.given("out_gradient"), task.y());
}

void add_data(Primitives& primitives, const Task& task, const dnnl::inner_product_forward::primitive_desc& forward) {
  const auto data = describe_backward<dnnl::inner_product_backward_data>(
      primitives.engine(), forward, task.image(task.x()), task.kernel().any(), task.image(task.y()));
  add_backward_data(primitives, task, data, out_gradient(primitives, task, data.diff_dst_desc()));
}

void add_weights(Primitives& primitives, const Task& task, const dnnl::inner_product_forward::primitive_desc& forward) {
  const auto weights = describe_backward<dnnl::inner_product_backward_weights>(
      primitives.engine(), forward, task.image(task.x()), task.kernel().any(), task.bias().plain(),
      task.image(task.y()));
  add_backward_weights(primitives, task, weights, out_gradient(primitives, task, weights.diff_dst_desc()));
}

}  // namespace

void add_dense(Primitives& primitives, const Task& task) {
  if (task.setting.pass == Pass::forward) {
    const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_inference, with_relu());
    return primitives.add_result(add_forward(primitives, task, forward), task.y());
  }
  const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_training, dnnl::primitive_attr());
  if (task.setting.pass != Pass::backward_weights) add_data(primitives, task, forward);
  if (task.setting.pass != Pass::backward_data) add_weights(primitives, task, forward);
}

}  // namespace tilewise::bench::onednn
