#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#pragma GCC visibility push(default)
namespace tilewise {

/// The extents of a dense tensor, outermost first: {28, 28, 1} is one NHWC image, {3, 3, 32, 64} an HWIO kernel.
/// Extents are not negative and their product fits into 63 bits: the constructor throws ShapeError otherwise.
class Shape {
 public:
  static constexpr int max_rank = 6;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents);
  Shape(const std::int64_t* extents, int rank);

  int rank() const noexcept { return rank_; }
  std::int64_t operator[](int axis) const noexcept { return extents_[static_cast<std::size_t>(axis)]; }
  /// Number of elements; 1 for a shape of rank 0.
  std::int64_t elements() const noexcept { return elements_; }
  const std::int64_t* begin() const noexcept { return extents_.data(); }
  const std::int64_t* end() const noexcept { return extents_.data() + rank_; }

  /// The same shape with `extent` put before all others: a sample's shape becomes a batch's.
  Shape with_outer(std::int64_t extent) const;

  /// "28x28x1"; "scalar" for rank 0.
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) noexcept {
    return a.rank_ == b.rank_ && a.extents_ == b.extents_;
  }

 private:
  std::array<std::int64_t, max_rank> extents_{};
  int rank_ = 0;
  std::int64_t elements_ = 1;
};

}  // namespace tilewise
#pragma GCC visibility pop
