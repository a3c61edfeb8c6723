#include "tilewise/model.hpp"

#include <optional>

#include "kernels/select.hpp"
#include "nn/clipping.hpp"
#include "nn/functional.hpp"
#include "nn/optimizers.hpp"
#include "nn/summary.hpp"
#include "tilewise/error.hpp"
#include "tilewise/runtime.hpp"
#include "train/confusion.hpp"
#include "train/model_file.hpp"
#include "train/model_weights.hpp"
#include "train/predictor.hpp"
#include "train/trainer.hpp"

namespace tilewise {

namespace {

/// A network with its weights; what refers to them stays beside them.
struct BuiltModel {
  explicit BuiltModel(nn::Network network_)
      : network(std::move(network_)), parameters(ops::Kernels(kernels::table(isa()))) {
    network.allocate(parameters);
    predict_as({});
  }

  nn::Network network;
  plan::ParameterStore parameters;
  /// As compiled, or before that with the defaults.
  std::unique_ptr<train::Predictor> predictor;
  std::unique_ptr<train::Trainer> trainer;

  void compile(const CompileOptions& options) {
    trainer = std::make_unique<train::Trainer>(network, parameters, options);
    predict_as(options);
  }
  void predict_as(const CompileOptions& options) {
    predictor = std::make_unique<train::Predictor>(network, parameters,
                                                   plan::ConvolutionChoice{options.arithmetic, options.algorithm});
  }
};

}  // namespace

struct Model::State {
  nn::Topology topology;
  std::optional<CompileOptions> options;
  std::unique_ptr<BuiltModel> built;
  /// Whether the weights are still the initial ones, so that a seed may change them.
  bool initial = true;
  std::int64_t next_data_epoch = 0;

  BuiltModel& model() const {
    if (!built) throw ArgumentError("the model is not built: call build() with the shape of a sample, or fit()");
    return *built;
  }

  void require_compiled() const {
    if (!options) throw ArgumentError("the model is not compiled: call compile()");
  }
  train::Trainer& trainer() const {
    require_compiled();
    return *model().trainer;
  }

  void initialize() { model().network.initialize(model().parameters, options ? options->seed : 0); }
};

Model::Model(std::unique_ptr<State> state) : state_(std::move(state)) {}
Model::Model(const Tensor& input, const Tensor& output)
    : Model(std::make_unique<State>(State{nn::trace(input, output), {}, {}})) {
  build(input.shape());
}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Sequential::Sequential(std::initializer_list<Layer> layers) : Sequential(std::vector<Layer>(layers)) {}
Sequential::Sequential(std::vector<Layer> layers)
    : Model(std::make_unique<State>(State{nn::Topology::chain(std::move(layers)), {}, {}})) {}

void Model::build(const Shape& sample_shape) {
  if (state_->built) {
    if (input_shape() == sample_shape) return;
    throw ShapeError("the model is built for samples of " + input_shape().to_string() + "; found " +
                     sample_shape.to_string());
  }
  auto built = std::make_unique<BuiltModel>(nn::Network(state_->topology, sample_shape));
  if (state_->options) built->compile(*state_->options);
  state_->built = std::move(built);
  state_->initialize();
}

void Model::compile(const CompileOptions& options) {
  nn::check_optimizer(options.optimizer);
  nn::check_clipping(options);
  plan::check(plan::ConvolutionChoice{options.arithmetic, options.algorithm});
  if (state_->built) state_->built->compile(options);
  state_->options = options;
  if (state_->built && state_->initial) state_->initialize();
}

History Model::fit(const Pipeline& training, const FitOptions& options) {
  state_->require_compiled();
  build(training.dataset().sample_shape());
  state_->initial = false;
  return state_->trainer().fit(training, options, state_->next_data_epoch);
}

Evaluation Model::evaluate(const Pipeline& data) const {
  return state_->trainer().evaluate(data);
}

ConfusionMatrix Model::confusion_matrix(const Pipeline& data) const {
  BuiltModel& model = state_->model();
  return train::confusion_matrix(model.network, *model.predictor, data);
}

std::vector<float> Model::predict(const float* samples, std::int64_t count) const {
  return state_->model().predictor->predict(samples, count);
}

const Shape& Model::input_shape() const {
  return state_->model().network.input_shape();
}
const Shape& Model::output_shape() const {
  return state_->model().network.output_shape();
}
std::int64_t Model::parameter_count() const {
  return state_->model().network.parameter_count();
}
std::string Model::summary() const {
  return nn::summary(state_->model().network);
}

std::string Model::describe_plan(std::int64_t batch, bool training) const {
  if (batch < 1) throw ArgumentError("a plan for " + std::to_string(batch) + " samples; expected 1 or more");
  return (training ? state_->trainer().make_plan(batch) : state_->model().predictor->make_plan(batch))->dump();
}

Profile Model::profile(const Pipeline& data, const ProfileOptions& options) {
  if (options.training) state_->require_compiled();
  build(data.dataset().sample_shape());
  if (!options.training) return state_->model().predictor->profile(data, options);
  state_->initial = false;
  return state_->trainer().profile(data, options, state_->next_data_epoch);
}

std::vector<Weights> Model::weights() const {
  return train::read_weights(state_->model().network, state_->model().parameters);
}

void Model::set_weights(const std::vector<Weights>& weights) {
  train::assign_weights(state_->model().network, weights, state_->model().parameters);
  state_->initial = false;
}

void Model::save(const std::string& path) const {
  train::save_model(path, state_->model().network, state_->model().parameters);
}

Model Model::load(const std::string& path) {
  train::ModelFile file = train::load_model(path);
  Model model(std::make_unique<State>(State{file.network.topology(), {}, {}}));
  model.state_->built = std::make_unique<BuiltModel>(std::move(file.network));
  model.set_weights(file.weights);
  return model;
}

void Model::load_weights(const std::string& path) {
  set_weights(train::load_weights(path, state_->model().network));
}

}  // namespace tilewise
