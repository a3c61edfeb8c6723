#include <algorithm>

#include "ops/batch_norm.hpp"
#include "ops/classification.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv2d_transpose.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/dense.hpp"
#include "ops/dense_update.hpp"
#include "ops/depthwise_conv2d.hpp"
#include "ops/elementwise.hpp"
#include "ops/optimizer.hpp"
#include "ops/pool2d.hpp"
#include "ops/pooled_conv2d_backward.hpp"
#include "ops/transform_conv2d.hpp"
#include "plan/passes.hpp"

namespace tilewise::plan {

namespace {

template <class T>
const T* as(const Node* node) {
  return node ? dynamic_cast<const T*>(node->op.get()) : nullptr;
}

/// The graph under rewriting. A dropped node has no op until sweep() removes it.
class Rewriter {
 public:
  Rewriter(Graph& graph, const std::vector<ValueId>& kept) : graph_(graph), nodes_(graph.nodes()), kept_(kept) {}

  Graph& graph() { return graph_; }

  std::vector<Node>& nodes() { return nodes_; }

  Node* producer(ValueId value) {
    for (Node& node : nodes_)
      if (node.op && std::count(node.outputs.begin(), node.outputs.end(), value)) return &node;
    return nullptr;
  }

  std::vector<Node*> users(ValueId value) {
    std::vector<Node*> users;
    for (Node& node : nodes_)
      if (node.op && std::count(node.inputs.begin(), node.inputs.end(), value)) users.push_back(&node);
    return users;
  }

  bool is_kept(ValueId value) const { return std::count(kept_.begin(), kept_.end(), value) > 0; }
  bool is_read(ValueId value) { return is_kept(value) || !users(value).empty(); }

  /// The only reader of `value`, or null if there are others or it is an output of the plan.
  Node* only_user(ValueId value) {
    const std::vector<Node*> all = users(value);
    return all.size() == 1 && !is_kept(value) ? all[0] : nullptr;
  }

  /// The reader of `value` that is a T, or null.
  template <class T>
  Node* user(ValueId value) {
    for (Node* node : users(value))
      if (as<T>(node)) return node;
    return nullptr;
  }

  static void drop(Node* node) { node->op = nullptr; }
  void sweep() {
    std::erase_if(nodes_, [](const Node& node) { return !node.op; });
  }

 private:
  Graph& graph_;
  std::vector<Node>& nodes_;
  const std::vector<ValueId>& kept_;
};

bool are_parameters(const Graph& graph, const std::vector<ValueId>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](ValueId value) { return value == no_value || graph.value(value).role == Role::parameter; });
}

/// The same op with a ReLU after it, or null if it is none that takes one or has an activation or pool already.
std::shared_ptr<const ops::Op> with_relu(const Node& node) {
  constexpr auto none = kernels::Activation::none, relu = kernels::Activation::relu;
  if (const auto* conv = as<ops::Conv2D>(&node); conv && conv->attributes().activation == none) {
    ops::Conv2DAttributes attributes = conv->attributes();
    attributes.activation = relu;
    return attributes.pool ? nullptr : std::make_shared<ops::Conv2D>(attributes);
  }
  if (const auto* conv = as<ops::DepthwiseConv2D>(&node); conv && conv->activation() == none)
    return std::make_shared<ops::DepthwiseConv2D>(conv->window(), relu);
  if (const auto* conv = as<ops::Conv2DTranspose>(&node); conv && conv->activation() == none) return conv->with(relu);
  if (const auto* dense = as<ops::Dense>(&node); dense && dense->activation() == none)
    return std::make_shared<ops::Dense>(relu);
  return nullptr;
}

/// conv2d, depthwise_conv2d or dense, then a normalisation by running statistics -> the layer alone, with another
/// kernel and bias, which are made when the parameters change.
void fold_batch_norm(Rewriter& graph, Node& node) {
  // Another op, more than a sum, or a kernel whose output channels are not the last axis.
  if (!with_relu(node) || as<ops::Conv2DTranspose>(&node)) return;
  Node* norm = graph.only_user(node.outputs[0]);
  const auto* op = as<ops::BatchNormInference>(norm);
  if (!op) return;
  std::vector<ValueId> inputs{node.inputs[1], node.inputs[2]};
  inputs.insert(inputs.end(), norm->inputs.begin() + 1, norm->inputs.end());
  if (!are_parameters(graph.graph(), inputs)) return;
  const auto fold = std::make_shared<ops::FoldBatchNorm>(op->epsilon());
  const ValueId result = norm->outputs[0];
  node.note += "+batch_norm";
  Rewriter::drop(norm);
  // Emitting moves the nodes: `node` is found again by its place.
  const auto position = static_cast<std::size_t>(&node - graph.nodes().data());
  graph.graph().set_scope(node.name);
  const auto folded = graph.graph().emit(fold, inputs);
  Node& layer = graph.nodes()[position];
  layer.inputs = {layer.inputs[0], folded[0], folded[1]};
  layer.outputs[0] = result;
}

/// conv2d, conv2d_transpose, depthwise_conv2d or dense, then ReLU -> one op that never writes the sum. The ReLU's
/// backward reads its result only, so it stays as it is.
void fuse_relu(Rewriter& graph, Node& node) {
  const auto fused = with_relu(node);
  if (!fused) return;
  Node* relu = graph.only_user(node.outputs[0]);
  if (!as<ops::Relu>(relu)) return;
  node.op = fused;
  node.outputs[0] = relu->outputs[0];
  node.note += "+relu";
  Rewriter::drop(relu);
}

/// conv2d (+ ReLU), then max-pool -> one op that never writes the unpooled map. Its index marks what the ReLU zeroed,
/// so that the max-pool's backward does the ReLU's as well.
void fuse_max_pool(Rewriter& graph, Node& node) {
  const auto* conv = as<ops::Conv2D>(&node);
  if (!conv || conv->attributes().pool) return;
  const ValueId map = node.outputs[0];
  // A kernel that does not pool, where there is one, is faster than one that does.
  if (ops::conv_algorithm(conv->attributes().groups, graph.graph().spec(node.inputs[0]).shape[2],
                          graph.graph().spec(map).shape[2]) != ops::ConvAlgorithm::tile)
    return;
  Node* pool = graph.user<ops::MaxPool2D>(map);
  if (!pool || graph.is_kept(map) || !ops::Conv2D::can_pool(as<ops::MaxPool2D>(pool)->window())) return;
  Node* relu_backward = graph.user<ops::ReluBackward>(map);
  const std::size_t expected_users = relu_backward ? 2 : 1;
  if (graph.users(map).size() != expected_users) return;
  // Under a ReLU the fused index marks dead outputs, which only the absorbed backward may see.
  const ValueId index = pool->outputs[1];
  if (conv->attributes().activation == kernels::Activation::relu &&
      (graph.is_kept(index) || graph.users(index).size() != expected_users - 1))
    return;
  if (relu_backward) {
    Node* pool_backward = graph.producer(relu_backward->inputs[0]);
    if (!as<ops::MaxPool2DBackward>(pool_backward) || pool_backward->inputs[1] != index ||
        graph.only_user(pool_backward->outputs[0]) != relu_backward)
      return;
    pool_backward->outputs[0] = relu_backward->outputs[0];
    pool_backward->note += "+relu_backward";
    Rewriter::drop(relu_backward);
  }
  ops::Conv2DAttributes attributes = conv->attributes();
  attributes.pool = as<ops::MaxPool2D>(pool)->window();
  node.op = std::make_shared<ops::Conv2D>(attributes);
  node.outputs = pool->outputs;
  node.note += "+max_pool2d";
  Rewriter::drop(pool);
}

/// softmax, then cross-entropy -> one op on the logits, stable for any finite ones.
void fuse_softmax_cross_entropy(Rewriter& graph, Node& node) {
  if (!as<ops::Softmax>(&node)) return;
  const ValueId probabilities = node.outputs[0];
  Node* loss = graph.user<ops::CrossEntropy>(probabilities);
  // The fused op stands where the softmax stood: the labels must be there already.
  if (!loss || graph.producer(loss->inputs[1])) return;
  Node* loss_backward = graph.user<ops::CrossEntropyBackward>(probabilities);
  if (loss_backward) {
    Node* softmax_backward = graph.only_user(loss_backward->outputs[0]);
    if (!as<ops::SoftmaxBackward>(softmax_backward) || softmax_backward->inputs[1] != probabilities) return;
    softmax_backward->op = std::make_shared<ops::SoftmaxCrossEntropyBackward>();
    softmax_backward->inputs = loss_backward->inputs;
    Rewriter::drop(loss_backward);
  }
  node.op = std::make_shared<ops::SoftmaxCrossEntropy>();
  node.inputs = {node.inputs[0], loss->inputs[1]};
  node.outputs = {loss->outputs[0], probabilities};
  node.note += "+cross_entropy";
  Rewriter::drop(loss);
}

/// The backward ops of a max-pool and of a convolution, where nobody wants the image's gradient -> one op that never
/// writes the unpooled map.
void fuse_unpooling(Rewriter& graph, Node& node) {
  const auto* conv = as<ops::Conv2DBackward>(&node);
  if (!conv || node.outputs[0] != no_value) return;
  Node* unpool = graph.producer(node.inputs[0]);
  const auto* pool = as<ops::MaxPool2DBackward>(unpool);
  if (!pool || graph.only_user(unpool->outputs[0]) != &node ||
      !ops::PooledConv2DBackward::can_do(conv->window(), pool->window(), conv->kernel_shape(), conv->groups()))
    return;
  node.note += unpool->note;
  node.why.clear();
  node.op = std::make_shared<ops::PooledConv2DBackward>(conv->window(), pool->window(), conv->kernel_shape());
  node.inputs = {unpool->inputs[0], unpool->inputs[1], node.inputs[1]};
  node.outputs.erase(node.outputs.begin());
  Rewriter::drop(unpool);
}

/// The backward op of a ReLU or a max-pool, then that of a convolution by a transform -> one op that never writes the
/// gradient between them.
void fuse_gradient_source(Rewriter& graph, Node& node) {
  const auto* conv = as<ops::TransformConv2DBackward>(&node);
  if (!conv || conv->source().kind != ops::GradientSource::Kind::itself) return;
  Node* before = graph.producer(node.inputs[0]);
  if (!before || graph.only_user(before->outputs[0]) != &node) return;
  if (as<ops::ReluBackward>(before))
    node.op = conv->with({ops::GradientSource::Kind::relu});
  else if (const auto* pool = as<ops::MaxPool2DBackward>(before))
    node.op = conv->with({ops::GradientSource::Kind::max_pool, pool->window()});
  else
    return;
  node.note.append("+").append(before->op->kind()).append(before->note);
  node.inputs[0] = before->inputs[0];
  node.inputs[3] = before->inputs[1];
  Rewriter::drop(before);
}

/// The backward op of a dense layer and the update of its kernel alone -> one op that never writes the kernel's
/// gradient, beside what else goes back.
void fuse_dense_update(Rewriter& graph, Node& node) {
  constexpr std::size_t kernel_gradient = 1;
  if (!as<ops::DenseBackward>(&node) || node.outputs[kernel_gradient] == no_value) return;
  Node* updating = graph.only_user(node.outputs[kernel_gradient]);
  const auto update = updating ? std::dynamic_pointer_cast<const ops::Update>(updating->op) : nullptr;
  if (!update || updating->inputs.size() != 3 + update->state_count()) return;
  std::vector<ValueId> inputs{node.inputs[0], node.inputs[1], updating->inputs[0], updating->inputs[1]};
  inputs.insert(inputs.end(), updating->inputs.begin() + 3, updating->inputs.end());
  updating->name = node.name;
  updating->note.append("+").append(update->kind());
  updating->op = std::make_shared<ops::DenseUpdate>(update);
  updating->inputs = inputs;
  node.outputs[kernel_gradient] = no_value;
  if (std::count(node.outputs.begin(), node.outputs.end(), no_value) == std::ssize(node.outputs)) Rewriter::drop(&node);
}

bool updates(const Node& node) {
  return !node.op->updated_inputs(node.inputs.size()).empty();
}

/// From the end to the beginning, so that what only a dropped node read goes as well.
void drop_unread(Rewriter& graph) {
  for (std::size_t position = graph.nodes().size(); position-- > 0;) {
    Node& node = graph.nodes()[position];
    if (updates(node)) continue;
    bool any_read = false;
    for (std::size_t output = 0; output < node.outputs.size(); ++output) {
      const bool is_read = node.outputs[output] != no_value && graph.is_read(node.outputs[output]);
      any_read = any_read || is_read;
      if (!is_read && node.op->is_optional(output)) node.outputs[output] = no_value;
    }
    if (!any_read) {
      Rewriter::drop(&node);
      graph.sweep();
    }
  }
}

/// Whether `node` makes, reads or changes a parameter or a gradient that `update` is given.
bool concerns(const Graph& graph, const Node& node, const Node& update) {
  return std::any_of(update.inputs.begin(), update.inputs.end(), [&](ValueId input) {
    return graph.value(input).role != Role::input && (std::count(node.inputs.begin(), node.inputs.end(), input) > 0 ||
                                                      std::count(node.outputs.begin(), node.outputs.end(), input) > 0);
  });
}

/// Each update of parameters to right behind the last node that concerns it: there its gradient may still be in the
/// cache, and needs no memory from then on.
void hoist_updates(Graph& graph) {
  std::vector<Node>& nodes = graph.nodes();
  for (auto update = nodes.begin(); update != nodes.end(); ++update) {
    if (!updates(*update)) continue;
    const auto last = std::find_if(std::make_reverse_iterator(update), nodes.rend(),
                                   [&](const Node& node) { return concerns(graph, node, *update); });
    std::rotate(last.base(), update, update + 1);
  }
}

}  // namespace

bool is_constant(const Graph& graph, ValueId value) {
  if (graph.value(value).role != Role::intermediate) return graph.value(value).role == Role::parameter;
  return std::any_of(graph.nodes().begin(), graph.nodes().end(), [&](const Node& node) {
    return node.op && std::count(node.outputs.begin(), node.outputs.end(), value) && is_derived(graph, node);
  });
}

bool is_derived(const Graph& graph, const Node& node) {
  return node.op->is_derived() && std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId input) {
           return input == no_value || is_constant(graph, input);
         });
}

void choose(Graph& graph, const PlanOptions& options) {
  Rewriter rewriter(graph, options.outputs);
  const auto everywhere = [&](std::initializer_list<void (*)(Rewriter&, Node&)> fusions) {
    if (!options.fuse) return;
    for (auto fuse : fusions)
      for (std::size_t position = 0; position < rewriter.nodes().size(); ++position)
        if (rewriter.nodes()[position].op) fuse(rewriter, rewriter.nodes()[position]);
    rewriter.sweep();
  };
  everywhere({fold_batch_norm, fuse_relu, fuse_max_pool, fuse_softmax_cross_entropy});
  drop_unread(rewriter);
  transform_convolutions(graph, options);
  // The first takes what is left of direct convolutions, the second those by transforms.
  everywhere({fuse_unpooling, fuse_gradient_source, fuse_dense_update});
  std::stable_partition(graph.nodes().begin(), graph.nodes().end(),
                        [&](const Node& node) { return is_derived(graph, node); });
  hoist_updates(graph);
}

}  // namespace tilewise::plan
