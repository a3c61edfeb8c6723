#pragma once

#include "layer_pass.hpp"
#include "onednn_primitives.hpp"

namespace tilewise::bench::onednn {

/// How oneDNN's images lie: plain, or blocked as it likes best; the last with its Winograd algorithm, which 2.x has.
/// Its weights lie as it likes in all of them, and are brought there before the clock runs, as ours are.
enum class Layout { nhwc, blocked, winograd };

/// "nhwc", ...
const char* layout_name(Layout layout);

/// What oneDNN is to compute: a setting's pass, on what ours was given.
struct Task {
  Setting setting;
  Layout layout;
  const OpRun& ours;

  Tensor x() const;
  Tensor kernel() const;
  Tensor bias() const;
  Tensor y() const;
  Tensor pooled() const;
  /// An image's in the task's layout, for a primitive that may choose.
  dnnl::memory::desc image(const Tensor& tensor) const {
    return layout == Layout::nhwc ? tensor.plain() : tensor.any();
  }
};

/// The primitives of a task; their results are those of our pass, in its order, without the index of a max-pool. Throws
/// dnnl::error where oneDNN has nothing for it.
Primitives make_pass(const Task& task);

// make_pass by kinds of layers.
void add_conv2d(Primitives& primitives, const Task& task);
void add_dense(Primitives& primitives, const Task& task);
void add_max_pool2d(Primitives& primitives, const Task& task);

/// The next primitive: a 2x2 max-pool of `map`, with its index; returns the pooled map.
dnnl::memory add_pool(Primitives& primitives, const Task& task, const dnnl::memory& map);
/// The next primitive: the gradient, of that kind, of a map that was pooled, from our out_gradient and index.
dnnl::memory add_unpool(Primitives& primitives, const Task& task, const dnnl::memory::desc& map);

}  // namespace tilewise::bench::onednn
