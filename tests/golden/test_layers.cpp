#include <map>
#include <memory>

#include "golden/given_gradient.hpp"
#include "golden/golden.hpp"
#include "nn/layer.hpp"
#include "nn/network.hpp"
#include "nn/registry.hpp"

using namespace tilewise;
using namespace tilewise::golden;

namespace {

/// What a golden case says of the layer, over the defaults of its kind.
Layer layer_of(const json& golden) {
  const std::map<std::string, Layer> defaults{
      {"AveragePooling2D", AveragePool2D()},
      {"BatchNormalization", BatchNormalization()},
      {"Conv2D", Conv2D(1, 1)},
      {"Conv2DTranspose", Conv2DTranspose(1, 1)},
      {"Dense", Dense(1)},
      {"DepthwiseConv2D", DepthwiseConv2D(1)},
      {"Dropout", Dropout(0)},
      {"Flatten", Flatten()},
      {"GlobalAveragePooling2D", GlobalAveragePool2D()},
      {"GlobalMaxPooling2D", GlobalMaxPool2D()},
      {"LeakyReLU", LeakyReLU()},
      {"MaxPooling2D", MaxPool2D()},
      {"ReLU", ReLU()},
      {"Sigmoid", Sigmoid()},
      {"Softmax", Softmax()},
      {"Tanh", Tanh()},
      {"ZeroPadding2D", ZeroPadding2D({0, 0, 0, 0})},
  };
  const std::string kind = golden.at("kind");
  json config = defaults.at(kind).definition().config();
  config.update(golden.at("config"));
  return nn::layer_from_config(kind, "layer", config);
}

/// A network of one layer on golden tensors, run once forward and backward.
class LayerRun {
 public:
  LayerRun(const json& golden, Isa isa)
      : x_(tensor(golden.at("x"))),
        out_gradient_(tensor(golden.at("out_gradient"))),
        network_({layer_of(golden)}, of_sample(x_)),
        store_(ops::Kernels(kernels::table(isa))) {
    network_.allocate(store_);
    for (const json& weights : golden.at("weights")) {
      const Array values = tensor(weights);
      REQUIRE(network_.parameters()[static_cast<std::size_t>(number(weights.at("name")))].shape == values.shape);
      store_.set(number(weights.at("name")), values.values.data());
    }
    run(golden.at("x_gradient").is_null());
  }

  std::vector<float> y() const { return read(emitted_.output); }
  std::vector<float> x_gradient() const { return read(gradients_[0]); }
  std::vector<float> weight_gradient(const std::string& name) const {
    return read(gradients_[1 + static_cast<std::size_t>(number(name))]);
  }
  std::vector<float> weight(const std::string& name) const {
    std::vector<float> values(static_cast<std::size_t>(store_.shape(number(name)).elements()));
    store_.get(number(name), values.data());
    return values;
  }
  const Shape& output_shape() const { return network_.output_shape(); }

 private:
  static Shape of_sample(const Array& batch) { return Shape(batch.shape.begin() + 1, batch.shape.rank() - 1); }

  int number(const std::string& name) const {
    int number = 0;
    while (store_.name(number) != "layer/" + name) ++number;
    return number;
  }

  void run(bool at_inference) {
    emitted_ = at_inference ? nn::Network::Emitted{network_.graph(), network_.input(), network_.output(), {}}
                            : network_.emit_for_training(0);
    if (!at_inference) differentiate();
    std::vector<ValueId> outputs = gradients_;
    outputs.push_back(emitted_.output);
    batch_ = x_.shape[0];
    execution_ = std::make_unique<plan::Execution>(
        plan::make_plan(emitted_.graph,
                        {.kernels = store_.kernels(), .max_batch = batch_, .outputs = outputs, .fuse = false}),
        store_, 1);
    execution_->bind(emitted_.input, x_.values.data());
    if (!at_inference) execution_->bind(out_gradient_value_, out_gradient_.values.data());
    execution_->run(batch_, 1);
  }

  void differentiate() {
    plan::Graph& graph = emitted_.graph;
    out_gradient_value_ = graph.add_input("out_gradient", graph.spec(emitted_.output));
    std::vector<ValueId> differentiated{emitted_.input};
    for (std::size_t id = 0; id < graph.values().size(); ++id)
      if (const plan::Value& value = graph.values()[id];
          value.role == plan::Role::parameter &&
          network_.parameters()[static_cast<std::size_t>(value.parameter)].is_trained)
        differentiated.push_back(static_cast<ValueId>(id));
    gradients_ = gradients_from(graph, emitted_.output, out_gradient_value_, differentiated);
  }

  /// A value in plain order.
  std::vector<float> read(ValueId value) const {
    const plan::TensorSpec& spec = emitted_.graph.spec(value);
    const auto* data = static_cast<const float*>(execution_->data(value));
    const auto count = static_cast<std::size_t>(spec.shape.elements());
    if (spec.storage != ops::Storage::packed) return {data, data + count * static_cast<std::size_t>(batch_)};
    std::vector<float> plain(count);
    base::unpack_weights(ops::weights_layout(spec, store_.kernels().channel_block()), data, plain.data());
    return plain;
  }

  Array x_, out_gradient_;
  nn::Network network_;
  plan::ParameterStore store_;
  nn::Network::Emitted emitted_;
  ValueId out_gradient_value_ = ops::no_value;
  std::vector<ValueId> gradients_;  ///< of the input and of the trained parameters
  std::int64_t batch_ = 0;
  std::unique_ptr<plan::Execution> execution_;
};

void check_layer(const json& golden, Isa isa) {
  const LayerRun run(golden, isa);
  const double tolerance = golden.at("exact") ? 0 : 1e-5;
  const auto check = [&](const char* what, const std::vector<float>& found, const json& expected) {
    INFO(what);
    CHECK(difference(found, tensor(expected).values, tolerance, tolerance) == "");
  };
  const auto y_shape = golden.at("y").at("shape").get<std::vector<std::int64_t>>();
  CHECK(run.output_shape() == Shape(y_shape.data() + 1, static_cast<int>(y_shape.size()) - 1));
  check("y", run.y(), golden.at("y"));
  if (!golden.at("x_gradient").is_null()) check("x_gradient", run.x_gradient(), golden.at("x_gradient"));
  for (const json& gradient : golden.at("weight_gradients")) {
    const std::string name = gradient.at("name");
    check(name.c_str(), run.weight_gradient(name), gradient);
  }
  for (const json& weights : golden.at("after")) {
    const std::string name = weights.at("name");
    check(name.c_str(), run.weight(name), weights);
  }
}

void check_layers(const char* file) {
  for (Isa isa : available_isas())
    for (const json& golden : cases(file)) {
      INFO(isa_name(isa) << ": " << golden.at("kind") << ", " << golden.at("name"));
      check_layer(golden, isa);
    }
}

}  // namespace

TEST_CASE("layers give PyTorch's values and gradients", "[golden]") {
  check_layers("pytorch_layers.json");
}

TEST_CASE("layers give Keras's values, gradients and running statistics", "[golden]") {
  check_layers("keras_layers.json");
}
