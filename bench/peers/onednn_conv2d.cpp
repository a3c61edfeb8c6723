#include <optional>

#include "onednn_api.hpp"
#include "onednn_weights.hpp"

namespace tilewise::bench::onednn {

namespace {

using dnnl::memory;

dnnl::algorithm algorithm_of(const Task& task) {
  return task.layout == Layout::winograd ? dnnl::algorithm::convolution_winograd : dnnl::algorithm::convolution_direct;
}

struct Geometry {
  memory::dims stride{1, 1}, pad;
  explicit Geometry(const Layer& layer) : pad{layer.kernel / 2, layer.kernel / 2} {}
};

dnnl::convolution_forward::primitive_desc describe_forward(const Primitives& primitives, const Task& task,
                                                           dnnl::prop_kind kind, const dnnl::primitive_attr& attr) {
  const Geometry geometry(task.setting.layer);
  return describe<dnnl::convolution_forward>(primitives.engine(), attr, kind, algorithm_of(task), task.image(task.x()),
                                             task.kernel().any(), task.bias().plain(), task.image(task.y()),
                                             geometry.stride, geometry.pad, geometry.pad);
}

void add_forward_and_pool(Primitives& primitives, const Task& task) {
  // In inference only does its Winograd keep transformed weights.
  const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_inference, with_relu());
  const memory y = add_forward(primitives, task, forward);
  if (task.setting.layer.pooled)
    primitives.add_result(add_pool(primitives, task, y), task.pooled());
  else
    primitives.add_result(y, task.y());
}

/// The gradient of the map before ReLU and pool, of that kind.
memory out_gradient(Primitives& primitives, const Task& task, const memory::desc& kind) {
  return task.setting.layer.pooled ? add_unpool(primitives, task, kind)
                                   : primitives.filled(kind, task.ours.given("out_gradient"), task.y());
}

/// Returns the map's gradient, in the kind that this primitive wants.
memory add_data(Primitives& primitives, const Task& task, const dnnl::convolution_forward::primitive_desc& forward) {
  const Geometry geometry(task.setting.layer);
  const auto data = describe_backward<dnnl::convolution_backward_data>(
      primitives.engine(), forward, algorithm_of(task), task.image(task.x()), task.kernel().any(), task.image(task.y()),
      geometry.stride, geometry.pad, geometry.pad);
  const memory gradient = out_gradient(primitives, task, data.diff_dst_desc());
  add_backward_data(primitives, task, data, gradient);
  return gradient;
}

/// On `gradient`, where the pass has one already.
void add_weights(Primitives& primitives, const Task& task, const dnnl::convolution_forward::primitive_desc& forward,
                 std::optional<memory> gradient) {
  const Geometry geometry(task.setting.layer);
  const auto weights = describe_backward<dnnl::convolution_backward_weights>(
      primitives.engine(), forward, algorithm_of(task), task.image(task.x()), task.kernel().any(), task.bias().plain(),
      gradient ? gradient->get_desc() : task.image(task.y()), geometry.stride, geometry.pad, geometry.pad);
  if (!gradient) gradient = out_gradient(primitives, task, weights.diff_dst_desc());
  add_backward_weights(primitives, task, weights, *gradient);
}

}  // namespace

void add_conv2d(Primitives& primitives, const Task& task) {
  if (task.setting.pass == Pass::forward) return add_forward_and_pool(primitives, task);
  const auto forward = describe_forward(primitives, task, dnnl::prop_kind::forward_training, dnnl::primitive_attr());
  std::optional<memory> gradient;
  if (task.setting.pass != Pass::backward_weights) gradient = add_data(primitives, task, forward);
  if (task.setting.pass != Pass::backward_data) add_weights(primitives, task, forward, gradient);
}

}  // namespace tilewise::bench::onednn
