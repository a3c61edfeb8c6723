#include <array>
#include <utility>

#include "eager/build.hpp"
#include "ops/batch_norm.hpp"

namespace tilewise {

using namespace eager;

namespace {

constexpr const char *inference_name = "batch_normalization", *training_name = "batch_normalization_training",
                     *backward_name = "batch_normalization_backward";

/// A graph of one normalisation, whose parameters are {C} each.
class Builder {
 public:
  Builder(const char* op, const Shape& x_shape, double epsilon) : op_(op), batch_(x_shape.rank() ? x_shape[0] : 0) {
    if (x_shape.rank() < 2) throw ShapeError("x is " + x_shape.to_string() + "; expected batch x ... x channels");
    if (!(epsilon > 0)) throw ArgumentError("epsilon " + std::to_string(epsilon) + "; expected above 0");
    sample_ = sample_of(x_shape);
  }

  plan::ValueId input(const char* name) { return graph.add_input(name, {sample_}); }
  plan::ValueId parameter(const char* name) {
    return graph.add_parameter(name, {sample_[sample_.rank() - 1]}, parameters_++);
  }
  plan::ValueId parameter_if(bool is_wanted, const char* name) { return is_wanted ? parameter(name) : plan::no_value; }

  std::unique_ptr<OneOp> finish(std::vector<Port> inputs, std::vector<Port> outputs) {
    return std::make_unique<OneOp>(op_, graph, std::move(inputs), std::move(outputs), batch_);
  }

  plan::Graph graph;

 private:
  const char* op_;
  std::int64_t batch_;
  Shape sample_;
  int parameters_ = 0;
};

std::array<std::pair<const char*, TensorView>, 3> outputs_of(const NormalizationGradients& gradients) {
  return {{{"dx", gradients.dx}, {"dgamma", gradients.dgamma}, {"dbeta", gradients.dbeta}}};
}

}  // namespace

PreparedBatchNormalization prepare_batch_normalization(const Shape& x_shape, const Affine& affine,
                                                       const ConstTensorView& mean, const ConstTensorView& variance,
                                                       double epsilon) {
  return named(inference_name, [&] {
    Builder builder(inference_name, x_shape, epsilon);
    const plan::ValueId x = builder.input("x"), gamma = builder.parameter_if(affine.gamma.is_given(), "gamma"),
                        beta = builder.parameter_if(affine.beta.is_given(), "beta"), center = builder.parameter("mean"),
                        spread = builder.parameter("variance");
    const plan::ValueId y =
        builder.graph.emit(std::make_shared<ops::BatchNormInference>(epsilon), {x, gamma, beta, center, spread})[0];
    auto op = builder.finish({{"x", x}}, {{"y", y}});
    op->set_parameters({{"gamma", affine.gamma}, {"beta", affine.beta}, {"mean", mean}, {"variance", variance}});
    return PreparedBatchNormalization(std::move(op));
  });
}

void PreparedBatchNormalization::run(const ConstTensorView& x, const TensorView& y) {
  op().run({x}, {y});
}

void batch_normalization(const ConstTensorView& x, const Affine& affine, const ConstTensorView& mean,
                         const ConstTensorView& variance, double epsilon, const TensorView& y) {
  require_apart(inference_name, "y", y, "gamma", affine.gamma);
  require_apart(inference_name, "y", y, "beta", affine.beta);
  require_apart(inference_name, "y", y, "mean", mean);
  require_apart(inference_name, "y", y, "variance", variance);
  prepare_batch_normalization(x.shape(), affine, mean, variance, epsilon).run(x, y);
}

PreparedBatchNormalizationTraining prepare_batch_normalization_training(const Shape& x_shape, const Affine& affine,
                                                                        double epsilon) {
  return named(training_name, [&] {
    Builder builder(training_name, x_shape, epsilon);
    const plan::ValueId x = builder.input("x"), gamma = builder.parameter_if(affine.gamma.is_given(), "gamma"),
                        beta = builder.parameter_if(affine.beta.is_given(), "beta");
    const auto results = builder.graph.emit(std::make_shared<ops::BatchNorm>(epsilon), {x, gamma, beta});
    auto op = builder.finish({{"x", x}}, {{"y", results[0]}, {"mean", results[1]}, {"variance", results[2]}});
    op->set_parameters({{"gamma", affine.gamma}, {"beta", affine.beta}});
    return PreparedBatchNormalizationTraining(std::move(op));
  });
}

void PreparedBatchNormalizationTraining::run(const ConstTensorView& x, const TensorView& y, const TensorView& mean,
                                             const TensorView& variance) {
  op().run({x}, {y, mean, variance});
}

void PreparedBatchNormalizationTraining::set_weights(const Affine& affine) {
  op().set_parameters({{"gamma", affine.gamma}, {"beta", affine.beta}});
}

void batch_normalization_training(const ConstTensorView& x, const Affine& affine, double epsilon, const TensorView& y,
                                  const TensorView& mean, const TensorView& variance) {
  const std::pair<const char*, TensorView> outputs[] = {{"y", y}, {"mean", mean}, {"variance", variance}};
  for (const auto& [name, output] : outputs) {
    require_apart(training_name, name, output, "gamma", affine.gamma);
    require_apart(training_name, name, output, "beta", affine.beta);
  }
  prepare_batch_normalization_training(x.shape(), affine, epsilon).run(x, y, mean, variance);
}

PreparedBatchNormalizationBackward prepare_batch_normalization_backward(const Shape& x_shape,
                                                                        const ConstTensorView& gamma, double epsilon,
                                                                        const WantedNormalizationGradients& wanted) {
  return named(backward_name, [&] {
    if (!wanted.dx && !wanted.dgamma && !wanted.dbeta)
      throw ArgumentError("no gradient is wanted; expected one of dx, dgamma and dbeta");
    Builder builder(backward_name, x_shape, epsilon);
    const plan::ValueId dy = builder.input("dy"), x = builder.input("x"),
                        scale = builder.parameter_if(gamma.is_given(), "gamma"), center = builder.parameter("mean"),
                        spread = builder.parameter("variance");
    const auto results =
        builder.graph.emit(std::make_shared<ops::BatchNormBackward>(epsilon), {dy, x, scale, center, spread});
    auto op = builder.finish({{"dy", dy}, {"x", x}}, {{"dx", wanted.dx ? results[0] : plan::no_value},
                                                      {"dgamma", wanted.dgamma ? results[1] : plan::no_value},
                                                      {"dbeta", wanted.dbeta ? results[2] : plan::no_value}});
    op->set_parameters({{"gamma", gamma}});
    return PreparedBatchNormalizationBackward(std::move(op));
  });
}

void PreparedBatchNormalizationBackward::run(const ConstTensorView& dy, const ConstTensorView& x,
                                             const ConstTensorView& mean, const ConstTensorView& variance,
                                             const NormalizationGradients& gradients) {
  for (const auto& [name, output] : outputs_of(gradients)) {
    require_apart(backward_name, name, output, "mean", mean);
    require_apart(backward_name, name, output, "variance", variance);
  }
  op().set_parameters({{"mean", mean}, {"variance", variance}});
  op().run({dy, x}, {gradients.dx, gradients.dgamma, gradients.dbeta});
}

void PreparedBatchNormalizationBackward::set_weights(const ConstTensorView& gamma) {
  op().set_parameters({{"gamma", gamma}});
}

void batch_normalization_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& gamma,
                                  const ConstTensorView& mean, const ConstTensorView& variance, double epsilon,
                                  const NormalizationGradients& gradients) {
  for (const auto& [name, output] : outputs_of(gradients)) require_apart(backward_name, name, output, "gamma", gamma);
  prepare_batch_normalization_backward(
      x.shape(), gamma, epsilon, {gradients.dx.is_given(), gradients.dgamma.is_given(), gradients.dbeta.is_given()})
      .run(dy, x, mean, variance, gradients);
}

}  // namespace tilewise
