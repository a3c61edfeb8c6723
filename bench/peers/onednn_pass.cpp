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
  if (setting.layer.kind == LayerKind::dense) return {{setting.batch, setting.layer.in_channels}, Tag::nc};
  return {{setting.batch, setting.layer.in_channels, setting.layer.height, setting.layer.width}, Tag::nhwc};
}

Tensor Task::kernel() const {
  if (setting.layer.kind == LayerKind::dense) return {{setting.layer.out_channels, setting.layer.in_channels}, Tag::io};
  return {{setting.layer.out_channels, setting.layer.in_channels, setting.layer.kernel, setting.layer.kernel},
          Tag::hwio};
}

Tensor Task::bias() const {
  return {{setting.layer.out_channels}, Tag::x};
}

Tensor Task::y() const {
  if (setting.layer.kind == LayerKind::dense) return {{setting.batch, setting.layer.out_channels}, Tag::nc};
  return {{setting.batch, setting.layer.out_channels, setting.layer.height, setting.layer.width}, Tag::nhwc};
}

Tensor Task::pooled() const {
  return {{setting.batch, setting.layer.out_channels, setting.layer.height / 2, setting.layer.width / 2}, Tag::nhwc};
}

Primitives make_pass(const Task& task) {
  Primitives primitives;
  switch (task.setting.layer.kind) {
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
