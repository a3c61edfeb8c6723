#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "support/seed.hpp"

namespace tilewise::test {

/// What drawn values look like.
enum class Values {
  integers,  ///< -3 to 3: sums are exact in float
  special,   ///< the same with some NaN and infinities
  reals,     ///< in [-1, 1)
};

/// Draws the shape and the data of one test case. Sizes are drawn by `size`, whose calls number the axes of a shape;
/// one axis may be set to a value of choice, so that each axis can be walked through while the others vary.
class Draw {
 public:
  Draw(Values values, std::uint64_t index)
      : values_(values), random_(seed(), base::Stream::test, index), index_(index) {}

  void set_axis(std::size_t axis, std::int64_t value) {
    axis_ = axis;
    value_ = value;
  }
  /// The upper ends of the axes drawn so far.
  const std::vector<std::int64_t>& axes() const { return axes_; }

  /// The next axis: 1 to max.
  std::int64_t size(std::int64_t max) {
    axes_.push_back(max);
    const std::int64_t drawn = between(1, max);
    return axes_.size() - 1 == axis_ ? value_ : drawn;
  }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low + 1), next_++));
  }
  bool flag() { return between(0, 1) == 1; }

  /// Data, as doubles that float represents exactly.
  std::vector<double> values(std::int64_t count) {
    std::vector<double> result(static_cast<std::size_t>(count));
    for (double& x : result) x = value();
    return result;
  }
  Values kind() const { return values_; }

  std::string to_string() const { return "seed " + std::to_string(seed()) + ", case " + std::to_string(index_); }

 private:
  double value() {
    if (values_ == Values::reals) return 2.0 * double(random_.uniform(next_++)) - 1.0;
    if (values_ == Values::special) {
      switch (between(0, 40)) {
        case 0:
          return std::numeric_limits<double>::quiet_NaN();
        case 1:
          return std::numeric_limits<double>::infinity();
        case 2:
          return -std::numeric_limits<double>::infinity();
        case 3:
          return -0.0;
        default:
          break;
      }
    }
    return double(between(-3, 3));
  }

  Values values_;
  base::Random random_;
  std::uint64_t index_;
  std::uint64_t next_ = 0;
  std::size_t axis_ = std::numeric_limits<std::size_t>::max();
  std::int64_t value_ = 0;
  std::vector<std::int64_t> axes_;
};

}  // namespace tilewise::test
