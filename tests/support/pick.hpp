#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "base/random.hpp"
#include "support/graph_runner.hpp"
#include "support/seed.hpp"

namespace tilewise::test {

/// What a case's tensors hold: small integers, whose sums are exact, or multiples of 2^-13 in [-1, 1), which keep away
/// from kinks.
enum class Numbers { whole, real };

/// Draws the sizes, the options and the tensors of one case. Calls of size() number the case's axes; one of them may be
/// set to a value of choice, so that each axis can be walked through while the others vary.
class Pick {
 public:
  Pick(Numbers numbers, std::uint64_t number)
      : numbers_(numbers), number_(number), random_(test::seed(), base::Stream::test, number) {}

  void set_axis(std::size_t axis, std::int64_t value) {
    axis_ = axis;
    value_ = value;
  }
  /// How far each axis drawn so far is to be walked.
  const std::vector<std::int64_t>& axes() const { return axes_; }

  bool whole() const { return numbers_ == Numbers::whole; }
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low + 1), next_++));
  }
  bool flag() { return (*this)(0, 1) == 1; }
  /// The next axis: 1 to max, or to `tail` when it is walked.
  std::int64_t size(std::int64_t max, std::int64_t tail = 0) {
    axes_.push_back(std::max(max, tail));
    const std::int64_t drawn = (*this)(1, max);
    return axes_.size() - 1 == axis_ ? value_ : drawn;
  }
  /// Up to `max`; walked beyond two blocks of channels of any ISA.
  std::int64_t channels(std::int64_t max) { return size(max, 2 * tile().block + 1); }
  /// The same for places of a tile: samples or columns.
  std::int64_t places(std::int64_t max) { return size(max, 2 * tile().places + 1); }
  /// One to three extents.
  Shape shape() {
    const std::int64_t last = channels(40), rank = (*this)(1, 3);
    if (rank == 1) return {last};
    return rank == 2 ? Shape{size(5), last} : Shape{size(4), size(4), last};
  }

  Values values(const ops::TensorSpec& spec, std::int64_t batch = 1) {
    const std::uint64_t stream = (test::seed() * 1'000'003 + number_) * 64 + tensors_++;
    return whole() ? integers(spec, batch, 3, stream) : reals(spec, batch, stream);
  }
  /// In [low, high), as float holds it, whatever the numbers are.
  Values between(const ops::TensorSpec& spec, std::int64_t batch, double low, double high) {
    Values values(static_cast<std::size_t>(element_count(spec, batch)));
    for (double& value : values) value = double{float(low + (high - low) * double{random_.uniform(next_++)})};
    return values;
  }

  /// What a failing case is found by.
  std::string to_string() const {
    std::string text = "seed " + std::to_string(test::seed()) + ", case " + std::to_string(number_);
    if (axis_ < axes_.size()) text += ", axis " + std::to_string(axis_) + " = " + std::to_string(value_);
    return text;
  }

 private:
  struct Tile {
    std::int64_t places = 0, block = 0;
  };
  /// The largest of all ISAs.
  static const Tile& tile() {
    static const Tile largest = [] {
      Tile tile;
      for (const ops::Kernels& kernels : all_float_kernels())
        kernels.visit([&](const auto& table) {
          tile.block = std::max<std::int64_t>(tile.block, table.channel_block);
          tile.places = std::max<std::int64_t>(tile.places, table.tile_places);
        });
      return tile;
    }();
    return largest;
  }

  Numbers numbers_;
  std::uint64_t number_;
  base::Random random_;
  std::uint64_t next_ = 0, tensors_ = 0;
  std::size_t axis_ = std::numeric_limits<std::size_t>::max();
  std::int64_t value_ = 0;
  std::vector<std::int64_t> axes_;
};

}  // namespace tilewise::test
