#pragma once

#include <cstdint>

#pragma GCC visibility push(default)
/// What layers and single operations are told in the same words.
namespace tilewise {

enum class Activation { linear, relu, softmax, tanh, sigmoid };
inline constexpr Activation linear = Activation::linear;
inline constexpr Activation relu = Activation::relu;
inline constexpr Activation softmax = Activation::softmax;
/// With `using namespace tilewise` write Activation::tanh: the C library has a tanh of its own.
inline constexpr Activation tanh = Activation::tanh;
inline constexpr Activation sigmoid = Activation::sigmoid;

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

  constexpr Padding(Mode mode_) : mode(mode_) {}
  constexpr Padding(std::int64_t top_, std::int64_t bottom_, std::int64_t left_, std::int64_t right_)
      : mode(Mode::sides), top(top_), bottom(bottom_), left(left_), right(right_) {}

  Mode mode;
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;  ///< for Mode::sides
};
inline constexpr Padding valid{Padding::Mode::valid};
inline constexpr Padding same{Padding::Mode::same};

}  // namespace tilewise
#pragma GCC visibility pop
