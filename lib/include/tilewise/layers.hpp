#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tilewise/initializers.hpp"
#include "tilewise/options.hpp"
#include "tilewise/shape.hpp"

#pragma GCC visibility push(default)
namespace tilewise {

namespace nn {
class LayerDefinition;
struct SymbolicTensor;
}  // namespace nn

/// What a model will compute: the result of a layer, or its input. It has no values; see Model. Cheap to copy.
class Tensor {
 public:
  explicit Tensor(std::shared_ptr<const nn::SymbolicTensor> symbolic) : symbolic_(std::move(symbolic)) {}
  /// Of one sample.
  const Shape& shape() const noexcept;
  const std::shared_ptr<const nn::SymbolicTensor>& symbolic() const noexcept { return symbolic_; }

 private:
  std::shared_ptr<const nn::SymbolicTensor> symbolic_;
};

/// The samples that a model will be given, of this shape: {28, 28, 1}. Throws ShapeError for an empty one.
Tensor Input(const Shape& sample_shape);

/// One layer of a model: what it computes, not its weights. Cheap to copy, copies being the same layer; the concrete
/// layers below are its constructors.
class Layer {
 public:
  /// The layer's result for `x`, or for several inputs. A layer that is called more than once in a model has one set of
  /// weights there. Throws ShapeError or ArgumentError, naming the kind of layer, if it does not fit.
  Tensor operator()(const Tensor& x) const { return call({x}); }
  template <class... More>
  Tensor operator()(const Tensor& x, const Tensor& y, const More&... more) const {
    return call({x, y, more...});
  }
  Tensor call(const std::vector<Tensor>& inputs) const;

  const nn::LayerDefinition& definition() const noexcept { return *definition_; }
  explicit Layer(std::shared_ptr<const nn::LayerDefinition> definition) : definition_(std::move(definition)) {}

 private:
  std::shared_ptr<const nn::LayerDefinition> definition_;
};

/// The options of Conv2D; the defaults are Keras's.
struct Conv2DOptions {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;      ///< input places from one tap to the next
  std::int64_t groups = 1;  ///< of input and of output channels, each group a convolution of its own
  Activation activation = linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform;
  std::string name = {};  ///< "conv2d", "conv2d_1", ... if empty
};

/// {H, W, C_in} -> {H', W', filters}: y[p][q][n] = activation(bias[n] + sum over r, c, k of x[p*stride + r*dilation
/// - top][q*stride + c*dilation - left][k] * kernel[r][c][k][n]). With groups, filter n belongs to group
/// n / (filters / groups), and k counts that group's C_in / groups channels. Parameters: kernel {height, width,
/// C_in / groups, filters} and bias {filters}, zero. Throws ArgumentError for filters, kernel, stride, dilation or
/// groups below 1, or groups that do not divide the filters; ShapeError, when the model is built, if the kernel exceeds
/// the padded image or the groups do not divide C_in.
struct Conv2D : Layer {
  Conv2D(std::int64_t filters, Size2D kernel, const Conv2DOptions& options = {});
};

/// The options of DepthwiseConv2D; the defaults are Keras's.
struct DepthwiseConv2DOptions {
  Size2D stride = 1;
  Padding padding = valid;
  Size2D dilation = 1;
  std::int64_t depth_multiplier = 1;  ///< results of each channel
  Activation activation = linear;
  bool use_bias = true;
  Initializer depthwise_initializer = glorot_uniform;
  std::string name = {};
};

/// {H, W, C} -> {H', W', C * m} with m = depth_multiplier, each channel convolved by itself:
/// y[p][q][c*m + j] = activation(bias[c*m + j] + sum over r, s of
/// x[p*stride + r*dilation - top][q*stride + s*dilation - left][c] * kernel[r][s][c][j]). Keras's meaning and layout.
/// Parameters: kernel {height, width, C, m} and bias {C * m}, zero. Throws ArgumentError for a kernel,
/// stride, dilation or multiplier below 1; ShapeError, when the model is built, if the kernel exceeds the padded image.
struct DepthwiseConv2D : Layer {
  DepthwiseConv2D(Size2D kernel, const DepthwiseConv2DOptions& options = {});
};

/// The options of Conv2DTranspose; the defaults are Keras's.
struct Conv2DTransposeOptions {
  Size2D stride = 1;
  Padding padding = valid;
  std::optional<Size2D> output_padding = {};  ///< rows and columns more at the bottom and right
  Size2D dilation = 1;
  Activation activation = linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform;
  std::string name = {};
};

/// {H, W, C_in} -> {H', W', filters}, the adjoint of a convolution: each place adds its stamp of the kernel,
/// y[p*stride + r*dilation - top][q*stride + s*dilation - left][n] += sum over k of x[p][q][k] * kernel[r][s][n][k]
/// where that lies within the result; then bias[n] and the activation. Padding is what is cut off the stamps:
/// H' = (H - 1) * stride + reach - top - bottom + output_padding, with reach = (height - 1) * dilation + 1. Keras's
/// meaning: `valid` cuts nothing; `same` gives H' = H * stride, or (H - 1) * stride + reach % 2 + output_padding if
/// that is given, and of what it cuts the odd row goes at the bottom; else an output_padding that is not given is
/// max(0, stride - reach). Sides and output_padding together are PyTorch's.
/// Rows that no stamp reaches hold the bias. Parameters: kernel {height, width, filters, C_in} (Keras's order) and bias
/// {filters}, zero. Throws ArgumentError for filters, kernel, stride or dilation below 1 or output_padding below 0;
/// ShapeError, when the model is built, if output_padding is neither below the stride nor below the dilation, or
/// nothing is left of the result.
struct Conv2DTranspose : Layer {
  Conv2DTranspose(std::int64_t filters, Size2D kernel, const Conv2DTransposeOptions& options = {});
};

/// The options of MaxPool2D; the defaults are Keras's.
struct MaxPool2DOptions {
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
  bool ceil_mode = false;  ///< output extents rounded up: see MaxPool2D
  std::string name = {};
};

/// {H, W, C} -> {H', W', C}: the largest value of each window. Padding never wins; the gradient goes to the first of
/// equal values. With ceil_mode, as in PyTorch, a last window may exceed the padded image at the bottom or right by
/// less than a stride, if it begins on the image or the padding before it: H' = ceil((H + top + bottom - height) /
/// stride) + 1, or one less. Throws ArgumentError for a window or stride below 1; ShapeError, when the model is built,
/// if the window exceeds the padded image or could lie wholly in the padding.
struct MaxPool2D : Layer {
  MaxPool2D(Size2D window = 2, const MaxPool2DOptions& options = {});
};

/// The options of AveragePool2D; the defaults are Keras's.
struct AveragePool2DOptions {
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
  bool ceil_mode = false;          ///< output extents rounded up: see MaxPool2D
  bool count_include_pad = false;  ///< whether padding counts as zeros: PyTorch's default
  std::string name = {};
};

/// {H, W, C} -> {H', W', C}: the mean of each window. As in Keras padding is left out of the count, unless
/// count_include_pad is set; what lies beyond the padding, which a window may reach with ceil_mode, never counts.
/// Throws as MaxPool2D.
struct AveragePool2D : Layer {
  AveragePool2D(Size2D window = 2, const AveragePool2DOptions& options = {});
};

/// {H, W, C} -> {C}: the mean of each channel over the whole image, summed in parts, so that huge images do not stall
/// it.
struct GlobalAveragePool2D : Layer {
  GlobalAveragePool2D(const std::string& name = {});
};

/// {H, W, C} -> {C}: the largest value of each channel; the gradient goes to the first of equal values.
struct GlobalMaxPool2D : Layer {
  GlobalMaxPool2D(const std::string& name = {});
};

/// Any shape -> {elements}, row-major.
struct Flatten : Layer {
  Flatten(const std::string& name = {});
};

/// {H, W, C} with {top, bottom, left, right} rows and columns of zeros round it. Throws ArgumentError for `valid`,
/// `same` or a negative side.
struct ZeroPadding2D : Layer {
  ZeroPadding2D(const Padding& padding, const std::string& name = {});
};

/// The options of Dense; the defaults are Keras's.
struct DenseOptions {
  Activation activation = linear;
  bool use_bias = true;
  Initializer kernel_initializer = glorot_uniform;
  std::string name = {};
};

/// {in} -> {units}: y[n] = activation(bias[n] + sum over k of x[k] * kernel[k][n]).
/// Parameters: kernel {in, units} and bias {units}, zero.
struct Dense : Layer {
  Dense(std::int64_t units, const DenseOptions& options = {});
};

/// max(x, 0), any shape.
struct ReLU : Layer {
  ReLU(const std::string& name = {});
};

/// x above zero, else slope * x (Keras's negative_slope), any shape. Throws ArgumentError unless the slope is finite
/// and at least 0.
struct LeakyReLU : Layer {
  LeakyReLU(double slope = 0.3, const std::string& name = {});
};

/// tanh(x), any shape; within 4 ulp.
struct Tanh : Layer {
  Tanh(const std::string& name = {});
};

/// 1 / (1 + exp(-x)), any shape; within 4 ulp, zero where that is below the smallest normal float.
struct Sigmoid : Layer {
  Sigmoid(const std::string& name = {});
};

/// {classes} -> {classes}: exp(x) over its sum, stable for any finite x.
struct Softmax : Layer {
  Softmax(const std::string& name = {});
};

/// The sum of two or more inputs of one shape.
struct Add : Layer {
  Add(const std::string& name = {});
};

/// Two or more inputs joined along the last axis, the channels; their other extents are the same.
struct Concatenate : Layer {
  Concatenate(const std::string& name = {});
};

/// In training, each element zero with probability `rate`, 0 <= rate < 1, and the others scaled by 1 / (1 - rate); at
/// inference, nothing. What is dropped depends on (CompileOptions::seed, the layer, step, sample, element) only.
struct Dropout : Layer {
  Dropout(double rate, const std::string& name = {});
};

/// The options of BatchNormalization; the defaults are Keras's.
struct BatchNormalizationOptions {
  double momentum = 0.99;  ///< of the running mean and variance
  double epsilon = 1e-3;   ///< added to the variance
  bool center = true;      ///< whether there is a beta
  bool scale = true;       ///< whether there is a gamma
  std::string name = {};
};

/// (x - mean) * gamma / sqrt(variance + epsilon) + beta for each channel, the last axis; any shape. In training mean
/// and variance are the batch's, at inference the running ones, and a convolution or dense layer before it takes them
/// in. Parameters as in Keras, {C} each: gamma (one), beta (zero), moving_mean (zero) and moving_variance (one), of
/// which the moving ones become momentum * old + (1 - momentum) * the batch's in each step. Throws ArgumentError for a
/// momentum outside [0, 1] or an epsilon that is not above zero.
struct BatchNormalization : Layer {
  BatchNormalization(const BatchNormalizationOptions& options = {});
};

}  // namespace tilewise
#pragma GCC visibility pop
