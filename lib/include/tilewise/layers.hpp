#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tilewise {

namespace nn {
class LayerDefinition;
}

enum class Activation { linear, relu, softmax };
inline constexpr Activation linear = Activation::linear;
inline constexpr Activation relu = Activation::relu;
inline constexpr Activation softmax = Activation::softmax;

/// Height and width; one number stands for both.
struct Size2D {
  std::int64_t height, width;
  constexpr Size2D(std::int64_t both) : height(both), width(both) {}
  constexpr Size2D(std::int64_t height_, std::int64_t width_) : height(height_), width(width_) {}
  friend constexpr bool operator==(const Size2D&, const Size2D&) = default;
};

/// Rows and columns of zeros round an image. `same` gives ceil(in / stride) outputs an axis, the odd row or column at
/// the bottom or right, as in Keras; `valid` adds none.
class Padding {
 public:
  enum class Mode { valid, same, sides };

  constexpr Padding(Mode mode) : mode(mode) {}
  constexpr Padding(std::int64_t top_, std::int64_t bottom_, std::int64_t left_, std::int64_t right_)
      : mode(Mode::sides), top(top_), bottom(bottom_), left(left_), right(right_) {}

  Mode mode;
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;  ///< for Mode::sides
};
inline constexpr Padding valid{Padding::Mode::valid};
inline constexpr Padding same{Padding::Mode::same};

/// One layer of a model: what it computes, not its weights. Cheap to copy; the concrete layers below are its
/// constructors.
class Layer {
 public:
  const nn::LayerDefinition& definition() const noexcept { return *definition_; }
  explicit Layer(std::shared_ptr<const nn::LayerDefinition> definition) : definition_(std::move(definition)) {}

 private:
  std::shared_ptr<const nn::LayerDefinition> definition_;
};

struct Conv2DOptions {
  Size2D stride = 1;
  Padding padding = valid;
  Activation activation = linear;
  bool use_bias = true;
  std::string name = {};  ///< "conv2d", "conv2d_1", ... if empty
};

/// {H, W, C_in} -> {H', W', filters}: y[p][q][n] = activation(bias[n] + sum over r, c, k of x[p*stride + r -
/// top][q*stride + c - left][k] * kernel[r][c][k][n]). Parameters: kernel {height, width, C_in, filters},
/// Glorot-uniform, and bias {filters}, zero. Throws ArgumentError for filters, kernel or stride below 1; ShapeError,
/// when the model is built, if the kernel exceeds the padded image.
struct Conv2D : Layer {
  Conv2D(std::int64_t filters, Size2D kernel, const Conv2DOptions& options = {});
};

struct Pool2DOptions {
  Size2D stride = 0;  ///< 0: the window's size
  Padding padding = valid;
  std::string name = {};
};

/// {H, W, C} -> {H', W', C}: the largest value of each window. Padding never wins; the gradient goes to the first of
/// equal values.
struct MaxPool2D : Layer {
  MaxPool2D(Size2D window = 2, const Pool2DOptions& options = {});
};

/// {H, W, C} -> {H', W', C}: the mean of each window, padding left out of the count.
struct AveragePool2D : Layer {
  AveragePool2D(Size2D window = 2, const Pool2DOptions& options = {});
};

/// Any shape -> {elements}, row-major.
struct Flatten : Layer {
  Flatten(const std::string& name = {});
};

struct DenseOptions {
  Activation activation = linear;
  bool use_bias = true;
  std::string name = {};
};

/// {in} -> {units}: y[n] = activation(bias[n] + sum over k of x[k] * kernel[k][n]).
/// Parameters: kernel {in, units}, Glorot-uniform, and bias {units}, zero.
struct Dense : Layer {
  Dense(std::int64_t units, const DenseOptions& options = {});
};

/// max(x, 0), any shape.
struct ReLU : Layer {
  ReLU(const std::string& name = {});
};

/// {classes} -> {classes}: exp(x) over its sum, stable for any finite x.
struct Softmax : Layer {
  Softmax(const std::string& name = {});
};

}  // namespace tilewise
