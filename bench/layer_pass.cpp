#include "layer_pass.hpp"

#include "kernels/select.hpp"
#include "ops/conv2d.hpp"
#include "ops/conv_algorithm.hpp"
#include "ops/dense.hpp"
#include "ops/pool2d.hpp"

namespace tilewise::bench {

namespace {

using ops::TensorSpec;
using plan::ValueId;

const ops::Window2D pool_window{{2, 2}, {2, 2}};

TensorSpec map_of(std::int64_t height, std::int64_t width, std::int64_t channels,
                  ops::Element element = ops::Element::scalar) {
  return {{height, width, channels}, ops::Storage::batched, element};
}

ops::Window2D conv_window(const Layer& layer) {
  const std::int64_t pad = layer.kernel / 2;
  return {{layer.kernel, layer.kernel}, {1, 1}, {1, 1}, {pad, pad, pad, pad}};
}

/// The gradient of the map that is pooled, from that of the pooled map and the index.
ValueId emit_unpool(PassGraph& graph, std::int64_t height, std::int64_t width, std::int64_t channels) {
  const ValueId out_gradient = graph.input("out_gradient", map_of(height / 2, width / 2, channels));
  const ValueId index = graph.input("index", map_of(height / 2, width / 2, channels, ops::Element::u8));
  return graph.emit(std::make_shared<ops::MaxPool2DBackward>(pool_window, Shape{height, width, channels}),
                    {out_gradient, index})[0];
}

std::vector<ValueId> emit_conv2d(PassGraph& graph, const Layer& layer, Pass pass) {
  ops::Conv2DAttributes attributes{conv_window(layer)};
  const bool forward = pass == Pass::forward;
  if (forward) attributes.activation = kernels::Activation::relu;
  if (forward && layer.pooled) attributes.pool = pool_window;
  const ValueId x = graph.input("x", map_of(layer.height, layer.width, layer.in_channels));
  const ValueId kernel = graph.parameter("kernel", {layer.kernel, layer.kernel, layer.in_channels, layer.out_channels});
  const ValueId bias = graph.parameter("bias", {layer.out_channels});
  const ValueId out_gradient =
      !forward && layer.pooled ? emit_unpool(graph, layer.height, layer.width, layer.out_channels) : plan::no_value;
  return graph.emit_pass(pass, std::make_shared<ops::Conv2D>(attributes), {x, kernel, bias}, out_gradient);
}

std::vector<ValueId> emit_dense(PassGraph& graph, const Layer& layer, Pass pass) {
  const auto activation = pass == Pass::forward ? kernels::Activation::relu : kernels::Activation::none;
  const ValueId x = graph.input("x", {{layer.in_channels}});
  const ValueId kernel = graph.parameter("kernel", {layer.in_channels, layer.out_channels});
  const ValueId bias = graph.parameter("bias", {layer.out_channels});
  return graph.emit_pass(pass, std::make_shared<ops::Dense>(activation), {x, kernel, bias});
}

std::vector<ValueId> emit_max_pool2d(PassGraph& graph, const Layer& layer, Pass pass) {
  if (pass != Pass::forward) return {emit_unpool(graph, layer.height, layer.width, layer.in_channels)};
  return graph.emit(std::make_shared<ops::MaxPool2D>(pool_window),
                    {graph.input("x", map_of(layer.height, layer.width, layer.in_channels))});
}

std::vector<ValueId> emit_layer(PassGraph& graph, const Layer& layer, Pass pass) {
  switch (layer.kind) {
    case LayerKind::dense:
      return emit_dense(graph, layer, pass);
    case LayerKind::max_pool2d:
      return emit_max_pool2d(graph, layer, pass);
    case LayerKind::conv2d:
      break;
  }
  return emit_conv2d(graph, layer, pass);
}

}  // namespace

std::string op_name(const Layer& layer, Pass pass) {
  const char* const op = layer.kind == LayerKind::conv2d  ? "conv2d_"
                         : layer.kind == LayerKind::dense ? "dense_"
                                                          : "max_pool2d_";
  return op + std::string(pass_name(pass));
}

std::vector<Pass> passes(const Layer& layer) {
  if (layer.kind == LayerKind::max_pool2d) return {Pass::forward, Pass::backward};
  if (layer.in_channels == 1) return {Pass::forward, Pass::backward_weights};
  return {Pass::forward, Pass::backward_data, Pass::backward_weights, Pass::backward};
}

std::vector<std::string> algorithms(const Layer& layer, Pass pass, Isa isa) {
  std::vector<std::string> names{"direct"};
  if (layer.kind != LayerKind::conv2d) return names;
  if (layer.in_channels == 1) {  // transforms never pay; forward behind a pool there is one in registers
    if (layer.pooled && pass == Pass::forward) names.emplace_back("standard");
    return names;
  }
  const ops::ConvProblem problem{.window = conv_window(layer),
                                 .in = {layer.height, layer.width},
                                 .in_channels = layer.in_channels,
                                 .out_channels = layer.out_channels,
                                 .groups = 1,
                                 .batch = 1};
  const ops::Kernels kernels(kernels::table(isa));
  for (int number = 0; number < kernels::transform_count; ++number)
    if (ops::can_transform(problem, kernels, static_cast<kernels::Transform>(number)))
      names.emplace_back(kernels::transform_shapes[number].name);
  return names;
}

std::string Setting::name() const {
  return op_name(layer, pass) + "/" + std::string(isa_name(isa)) + "/" + algorithm + "/" + layer.name + "/b" +
         std::to_string(batch) + "/t" + std::to_string(threads);
}

double Setting::flops() const {
  return layer.flops() * double(batch) * (pass == Pass::backward ? 2 : 1);
}

double Setting::pool_bytes() const {
  const double map = 4.0 * double(layer.height * layer.width * layer.in_channels * batch);
  const double pooled = map / 4, index = pooled / 4;
  return map + pooled + index;  // forward reads the first and writes the others, backward the other way round
}

std::unique_ptr<OpRun> make_run(const Setting& setting) {
  return std::make_unique<OpRun>(
      ops::Kernels(kernels::table(setting.isa)),
      [&](PassGraph& graph) { return emit_layer(graph, setting.layer, setting.pass); }, setting.batch, setting.threads,
      setting.algorithm);
}

}  // namespace tilewise::bench
