#include "onednn_pass.hpp"

namespace tilewise::bench::onednn {

using Tag = dnnl::memory::format_tag;

const char* layout_name(Layout layout) {
  switch (layout) {
    case Layout::blocked:
      return "blocked";
    case Layout::winograd:
      return "winograd";
    case Layout::nhwc:
      break;
  }
  return "nhwc";
}

Tensor Task::x() const {
  if (layer.kind == LayerKind::dense) return {{batch, layer.in_channels}, Tag::nc};
  return {{batch, layer.in_channels, layer.height, layer.width}, Tag::nhwc};
}

Tensor Task::kernel() const {
  if (layer.kind == LayerKind::dense) return {{layer.out_channels, layer.in_channels}, Tag::io};
  return {{layer.out_channels, layer.in_channels, layer.kernel, layer.kernel}, Tag::hwio};
}

Tensor Task::bias() const {
  return {{layer.out_channels}, Tag::x};
}

Tensor Task::y() const {
  if (layer.kind == LayerKind::dense) return {{batch, layer.out_channels}, Tag::nc};
  return {{batch, layer.out_channels, layer.height, layer.width}, Tag::nhwc};
}

Tensor Task::pooled() const {
  return {{batch, layer.out_channels, layer.height / 2, layer.width / 2}, Tag::nhwc};
}

Primitives make_pass(const Task& task) {
  Primitives primitives;
  switch (task.layer.kind) {
    case LayerKind::conv2d:
      add_conv2d(primitives, task);
      break;
    case LayerKind::dense:
      add_dense(primitives, task);
      break;
    case LayerKind::max_pool2d:
      add_max_pool2d(primitives, task);
      break;
  }
  return primitives;
}

}  // namespace tilewise::bench::onednn
