#pragma once

#include <memory>
#include <vector>

#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "support/guarded.hpp"
#include "support/settings.hpp"
#include "tilewise/isa.hpp"
#include "tilewise/runtime.hpp"
#include "tilewise/view.hpp"

namespace tilewise::test {

/// How the caller's tensors lie in memory.
enum class Lie {
  dense,
  gapped,    ///< something between any two elements
  reversed,  ///< the last axis outermost: images channels first
};
inline constexpr Lie all_lies[] = {Lie::dense, Lie::gapped, Lie::reversed};

inline Layout layout_of(const Shape& shape, Lie lie) {
  std::int64_t strides[Shape::max_rank], stride = lie == Lie::gapped ? 2 : 1;
  for (int i = 0; i < shape.rank(); ++i) {
    const int axis = lie == Lie::reversed ? i : shape.rank() - 1 - i;
    strides[axis] = stride;
    stride = stride * std::max<std::int64_t>(1, shape[axis]) + (lie == Lie::gapped ? 3 : 0);
  }
  return Layout(shape, strides, shape.rank());
}

/// Calls f(element's place in memory) in row-major order of the indices.
template <class F>
void for_places(const Layout& layout, F f) {
  for (std::int64_t i = 0; i < layout.shape().elements(); ++i) {
    std::int64_t rest = i, place = 0;
    for (int axis = layout.shape().rank() - 1; axis >= 0; --axis) {
      place += rest % layout.shape()[axis] * layout.stride(axis);
      rest /= layout.shape()[axis];
    }
    f(static_cast<std::size_t>(place));
  }
}

/// The buffers of one call, between protected pages. Inputs are read-only; in outputs, gaps are checked to stay as they
/// were.
class UserMemory {
 public:
  explicit UserMemory(Guard guard, Lie lie = Lie::dense) : guard_(guard), lie_(lie) {}

  ConstTensorView input(const Shape& shape, const Values& values) { return input<float>(shape, values); }
  template <class T>
  View<const T> input(const Shape& shape, const Values& values) {
    const View<T> view = allocate<T>(shape);
    std::size_t next = 0;
    for_places(view.layout(), [&](std::size_t place) { view.data()[place] = static_cast<T>(values[next++]); });
    buffers_.back()->make_read_only();
    return view;
  }

  TensorView output(const Shape& shape) { return output<float>(shape); }
  template <class T>
  View<T> output(const Shape& shape) {
    return allocate<T>(shape);
  }

  /// What is in an output. Counts the gaps that were written to.
  template <class T>
  Values read(const View<T>& view) {
    Values values;
    std::vector<bool> is_element(static_cast<std::size_t>(view.layout().span()), false);
    for_places(view.layout(), [&](std::size_t place) {
      values.push_back(static_cast<double>(view.data()[place]));
      is_element[place] = true;
    });
    for (std::size_t place = 0; place < is_element.size(); ++place)
      if (!is_element[place] && view.data()[place] != untouched<T>()) ++gaps_written_;
    return values;
  }
  int gaps_written() const { return gaps_written_; }

 private:
  template <class T>
  static constexpr T untouched() {
    return static_cast<T>(77);
  }
  template <class T>
  View<T> allocate(const Shape& shape) {
    const Layout layout = layout_of(shape, lie_);
    const auto count = static_cast<std::size_t>(layout.span());
    buffers_.push_back(std::make_unique<GuardedBytes>(count * sizeof(T), guard_));
    T* data = reinterpret_cast<T*>(buffers_.back()->data());
    std::fill(data, data + count, untouched<T>());
    return {data, layout};
  }

  Guard guard_;
  Lie lie_;
  int gaps_written_ = 0;
  std::vector<std::unique_ptr<GuardedBytes>> buffers_;
};

/// Calls f() on every ISA, with 1 and 3 threads, for all ways in which the caller's memory may lie.
template <class F>
void on_every_isa(F f) {
  for (Isa isa : available_isas())
    for (int threads : {1, 3}) {
      const ForcedIsa forced(isa);
      const Threads limited(threads);
      for (Lie lie : all_lies)
        for (Guard guard : {Guard::after, Guard::before}) {
          INFO("isa " << isa_name(isa) << ", threads " << threads << ", lie " << static_cast<int>(lie));
          f(guard, lie);
        }
    }
}

/// Rounding apart: the reference computes in float64.
inline void check_close(const Values& found, const Values& expected, double margin = 1e-6) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(found[i] == Approx(expected[i]).epsilon(1e-5).margin(margin));
}

/// What the float64 reference computes.
inline std::vector<Values> expected_of(std::shared_ptr<const ops::Op> op, const std::vector<ops::TensorSpec>& specs,
                                       const std::vector<Values>& inputs, std::int64_t batch) {
  return run_op(std::move(op), specs, inputs, {ops::Kernels(ops::Scalar::f64), batch});
}

}  // namespace tilewise::test
