#include "nn/registry.hpp"

#include "nn/activation.hpp"
#include "nn/batch_normalization.hpp"
#include "nn/conv2d.hpp"
#include "nn/conv2d_transpose.hpp"
#include "nn/dense.hpp"
#include "nn/depthwise_conv2d.hpp"
#include "nn/dropout.hpp"
#include "nn/flatten.hpp"
#include "nn/global_pool2d.hpp"
#include "nn/leaky_relu.hpp"
#include "nn/merging.hpp"
#include "nn/pool2d.hpp"
#include "nn/zero_padding2d.hpp"
#include "tilewise/error.hpp"

namespace tilewise::nn {

namespace {

struct Entry {
  std::string_view kind;
  Layer (*from_config)(const std::string& name, const nlohmann::json& config);
};

template <class Definition>
constexpr Entry entry() {
  return {Definition::class_name, &Definition::from_config};
}

// THE list of layers that files may name: one line per layer.
constexpr Entry entries[] = {
    entry<Conv2DLayer>(),
    entry<Conv2DTransposeLayer>(),
    entry<DepthwiseConv2DLayer>(),
    entry<MaxPool2DLayer>(),
    entry<AveragePool2DLayer>(),
    entry<FlattenLayer>(),
    entry<DenseLayer>(),
    entry<ReLULayer>(),
    entry<SoftmaxLayer>(),
    entry<TanhLayer>(),
    entry<SigmoidLayer>(),
    entry<LeakyReLULayer>(),
    entry<AddLayer>(),
    entry<ConcatenateLayer>(),
    entry<DropoutLayer>(),
    entry<BatchNormalizationLayer>(),
    entry<ZeroPadding2DLayer>(),
    entry<GlobalAveragePool2DLayer>(),
    entry<GlobalMaxPool2DLayer>(),
};

}  // namespace

Layer layer_from_config(const std::string& kind, const std::string& name, const nlohmann::json& config) {
  std::string known;
  for (const Entry& entry : entries) {
    if (entry.kind == kind) return entry.from_config(name, config);
    known += (known.empty() ? "" : ", ") + std::string(entry.kind);
  }
  throw ArgumentError("unknown kind of layer '" + kind + "'; known are " + known);
}

}  // namespace tilewise::nn
