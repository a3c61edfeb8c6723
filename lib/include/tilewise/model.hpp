#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "tilewise/confusion.hpp"
#include "tilewise/layers.hpp"
#include "tilewise/profile.hpp"
#include "tilewise/shape.hpp"
#include "tilewise/training.hpp"
#include "tilewise/weights.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

/// Layers, how they are joined, and their weights.
///
///   auto x = tw::Input({28, 28, 1});
///   auto y = tw::Conv2D(32, 3, {.padding = tw::same})(x);
///   y = tw::Add()(y, tw::Conv2D(32, 1)(x));
///   tw::Model model(x, tw::Dense(10)(tw::Flatten()(y)));
///
/// A model is built (shapes checked, weights made) by build(), or by the first fit() from the data's sample shape; what
/// needs a built model throws ArgumentError without. Messages name the layer that does not fit. Many threads may call
/// the const functions of one model at once.
class Model {
 public:
  /// All layers between `input`, an Input, and `output`; built. Throws ArgumentError or ShapeError if they do not fit
  /// together.
  Model(const Tensor& input, const Tensor& output);
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  /// Makes the weights for samples of this shape, e.g. {28, 28, 1}. Does nothing if the model is built for it already;
  /// throws ShapeError if it is built for another one, or if a layer does not fit.
  void build(const Shape& sample_shape);

  /// Sets how to train. Compiling again starts with fresh optimizer state and keeps the weights, unless they are still
  /// the initial ones: those are drawn from options.seed. Throws ArgumentError or ShapeError, and changes nothing, for
  /// options that do not fit.
  void compile(const CompileOptions& options);

  /// Trains for options.epochs more epochs; a shuffled pipeline goes on with further orders. Throws ArgumentError if
  /// not compiled, ShapeError if the data do not fit, and FileError or ArgumentError, before the first step, if a label
  /// is outside the model's classes.
  History fit(const Pipeline& training, const FitOptions& options = {});

  /// Loss and metrics over all samples, as compiled. Throws as fit() does.
  Evaluation evaluate(const Pipeline& data) const;

  /// How often samples of each label, or largest target, are taken for each class. The model need not be compiled.
  /// Throws ShapeError if it does not give one output per class, and what fit() throws for data that do not fit.
  ConfusionMatrix confusion_matrix(const Pipeline& data) const;

  /// The outputs for `count` samples, count x output_shape(). `samples` is count x input_shape(), NHWC, scaled as for
  /// training.
  std::vector<float> predict(const float* samples, std::int64_t count) const;

  const Shape& input_shape() const;   ///< of one sample
  const Shape& output_shape() const;  ///< of one sample
  std::int64_t parameter_count() const;

  /// A table of layers, output shapes and parameter counts.
  std::string summary() const;

  /// The steps of one training batch (or of inference), as planned: op, algorithm, shapes, memory.
  std::string describe_plan(std::int64_t batch, bool training) const;

  /// Where the time goes: in steps of training on batches of `data`, as many as the options say, after which the
  /// weights are as after a fit() of these; or in predictions. Throws as fit() does, and ArgumentError for options out
  /// of their ranges or data of less than a batch.
  Profile profile(const Pipeline& data, const ProfileOptions& options = {});

  std::vector<Weights> weights() const;
  /// Replaces all weights, matched by name. Throws ArgumentError or ShapeError, naming the weight, and changes nothing
  /// if one is missing, unknown or of another shape.
  void set_weights(const std::vector<Weights>& weights);

  /// Writes a safetensors file: the weights, and the architecture as JSON in its metadata. The file is replaced as a
  /// whole or not at all.
  void save(const std::string& path) const;
  /// The model that save() wrote, built. Throws FileError.
  static Model load(const std::string& path);
  /// Replaces the weights by those of a file of the same architecture, as set_weights() does.
  void load_weights(const std::string& path);

 protected:
  struct State;
  explicit Model(std::unique_ptr<State> state);

 private:
  std::unique_ptr<State> state_;
};

/// Layers one after the other.
class Sequential : public Model {
 public:
  Sequential(std::initializer_list<Layer> layers);
  explicit Sequential(std::vector<Layer> layers);
};

}  // namespace tilewise
#pragma GCC visibility pop
