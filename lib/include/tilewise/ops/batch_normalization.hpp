#pragma once

#include "tilewise/ops/prepared.hpp"

#pragma GCC visibility push(default)
/// Batch normalisation (Ioffe and Szegedy 2015) of x {n, ..., C}, with a mean, a variance, and if they are not left out
/// a gamma and a beta, {C} each, for every channel. The variance is the biased one, as in Keras.
namespace tilewise {

/// gamma is 1, beta 0 where they are left out.
struct Affine {
  ConstTensorView gamma = {}, beta = {};
};

/// batch_normalization() for many calls on the same shapes.
class PreparedBatchNormalization : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y);
};

/// y = (x - mean) * gamma / sqrt(variance + epsilon) + beta: inference. epsilon is above zero.
void batch_normalization(const ConstTensorView& x, const Affine& affine, const ConstTensorView& mean,
                         const ConstTensorView& variance, double epsilon, const TensorView& y);
PreparedBatchNormalization prepare_batch_normalization(const Shape& x_shape, const Affine& affine,
                                                       const ConstTensorView& mean, const ConstTensorView& variance,
                                                       double epsilon);

/// batch_normalization_training() for many calls on the same shapes.
class PreparedBatchNormalizationTraining : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  void run(const ConstTensorView& x, const TensorView& y, const TensorView& mean, const TensorView& variance);
  /// Those that were given when prepared.
  void set_weights(const Affine& affine);
};

/// The same with the mean and the variance of this batch, which are results too.
void batch_normalization_training(const ConstTensorView& x, const Affine& affine, double epsilon, const TensorView& y,
                                  const TensorView& mean, const TensorView& variance);
PreparedBatchNormalizationTraining prepare_batch_normalization_training(const Shape& x_shape, const Affine& affine,
                                                                        double epsilon);

/// Where gradients go; one left out is not computed.
struct NormalizationGradients {
  TensorView dx = {}, dgamma = {}, dbeta = {};
};
/// Which gradients batch_normalization_backward is prepared for.
struct WantedNormalizationGradients {
  bool dx = true, dgamma = true, dbeta = true;
};

/// batch_normalization_backward() for many calls on the same shapes.
class PreparedBatchNormalizationBackward : public PreparedOp {
 public:
  using PreparedOp::PreparedOp;
  /// `gradients` has those that were wanted when prepared, and no others.
  void run(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& mean,
           const ConstTensorView& variance, const NormalizationGradients& gradients);
  /// If gamma was given when prepared.
  void set_weights(const ConstTensorView& gamma);
};

/// The gradients of batch_normalization_training's x, gamma and beta from the gradient dy of its y, and the mean and
/// variance that it gave.
void batch_normalization_backward(const ConstTensorView& dy, const ConstTensorView& x, const ConstTensorView& gamma,
                                  const ConstTensorView& mean, const ConstTensorView& variance, double epsilon,
                                  const NormalizationGradients& gradients);
PreparedBatchNormalizationBackward prepare_batch_normalization_backward(
    const Shape& x_shape, const ConstTensorView& gamma, double epsilon,
    const WantedNormalizationGradients& wanted = {});

}  // namespace tilewise
#pragma GCC visibility pop
