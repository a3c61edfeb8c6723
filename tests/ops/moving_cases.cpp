#include "ops/concatenate.hpp"
#include "ops/elementwise.hpp"
#include "ops/op_cases.hpp"
#include "ops/pad2d.hpp"
#include "ops/transpose_weights.hpp"

// Ops that compute nothing: their results are inputs at other places, and zeros.
namespace tilewise::test {

namespace {

OpCase draw_reshape(Pick& pick) {
  const ops::TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(5), count = spec.shape.elements();
  const Shape shape = pick.flag() ? Shape{count} : count % 2 == 0 ? Shape{2, count / 2} : Shape{1, count, 1};
  return {std::make_shared<ops::Reshape>(shape),
          {spec},
          {pick.values(spec, batch)},
          batch,
          [](const Inputs& in) { return in; },
          {0},
          {0}};
}

/// Elements [begin, begin + count) of the last extent, `width`.
Values slice(const Values& x, std::size_t width, std::size_t begin, std::size_t count) {
  Values part;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (i % width >= begin && i % width < begin + count) part.push_back(x[i]);
  return part;
}

Shape with_last(Shape shape, std::int64_t last) {
  switch (shape.rank()) {
    case 1:
      return {last};
    case 2:
      return {shape[0], last};
    default:
      return {shape[0], shape[1], last};
  }
}

OpCase draw_concatenate(Pick& pick) {
  const Shape outer = pick.shape();
  OpCase made{std::make_shared<ops::Concatenate>()};
  made.batch = pick.places(4);
  const auto count = static_cast<std::size_t>(pick(1, 4));
  std::vector<std::size_t> widths;
  for (std::size_t input = 0; input < count; ++input) {
    const std::int64_t width = pick.channels(20);
    widths.push_back(static_cast<std::size_t>(width));
    made.specs.push_back({with_last(outer, width)});
    made.inputs.push_back(pick.values(made.specs.back(), made.batch));
    made.affine.push_back(input);
  }
  made.differentiable = made.affine;
  made.definition = [widths](const Inputs& in) {
    Values joined;
    for (std::size_t row = 0; row < in[0].size() / widths[0]; ++row)
      for (std::size_t input = 0; input < in.size(); ++input)
        for (std::size_t k = 0; k < widths[input]; ++k) joined.push_back(in[input][row * widths[input] + k]);
    return Inputs{joined};
  };
  return made;
}

OpCase draw_slice(Pick& pick) {
  const ops::TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(4), width = spec.shape[spec.shape.rank() - 1], begin = pick(0, width - 1),
                     count = pick(1, width - begin);
  return {std::make_shared<ops::Slice>(begin, count), {spec}, {pick.values(spec, batch)}, batch, [=](const Inputs& in) {
            return Inputs{slice(in[0], static_cast<std::size_t>(width), static_cast<std::size_t>(begin),
                                static_cast<std::size_t>(count))};
          }};
}

/// An image within a larger one.
struct Framed {
  std::int64_t height, width, channels, batch;
  ops::Sides sides;

  explicit Framed(Pick& pick)
      : height(pick.size(6)),
        width(pick.places(6)),
        channels(pick.channels(7)),
        batch(pick.size(4)),
        sides{pick(0, 3), pick(0, 3), pick(0, 3), pick(0, 3)} {}
  ops::TensorSpec inner() const { return {{height, width, channels}}; }
  ops::TensorSpec outer() const {
    return {{height + sides.top + sides.bottom, width + sides.left + sides.right, channels}};
  }
  /// f(element of the inner image, the same one in the outer image).
  template <class F>
  void for_elements(F f) const {
    const std::int64_t rows = outer().shape[0], columns = outer().shape[1];
    std::size_t element = 0;
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t i = 0; i < height; ++i)
        for (std::int64_t j = 0; j < width; ++j)
          for (std::int64_t k = 0; k < channels; ++k, ++element)
            f(element,
              static_cast<std::size_t>(((n * rows + i + sides.top) * columns + j + sides.left) * channels + k));
  }
};

OpCase draw_pad2d(Pick& pick) {
  const Framed c(pick);
  const auto definition = [c](const Inputs& in) {
    Values padded(static_cast<std::size_t>(element_count(c.outer(), c.batch)), 0.0);
    c.for_elements([&](std::size_t inner, std::size_t outer) { padded[outer] = in[0][inner]; });
    return Inputs{padded};
  };
  return {std::make_shared<ops::Pad2D>(c.sides),
          {c.inner()},
          {pick.values(c.inner(), c.batch)},
          c.batch,
          definition,
          {0},
          {0}};
}

OpCase draw_crop2d(Pick& pick) {
  const Framed c(pick);
  const auto definition = [c](const Inputs& in) {
    Values cropped(static_cast<std::size_t>(element_count(c.inner(), c.batch)));
    c.for_elements([&](std::size_t inner, std::size_t outer) { cropped[inner] = in[0][outer]; });
    return Inputs{cropped};
  };
  return {std::make_shared<ops::Crop2D>(c.sides), {c.outer()}, {pick.values(c.outer(), c.batch)}, c.batch, definition};
}

/// A kernel {taps..., in, out}; channels of one group.
struct Kernel {
  std::int64_t taps, in, out, groups;
  Shape shape;

  explicit Kernel(Pick& pick) : taps(1), in(pick.channels(12)), out(pick.channels(20)), groups(1) {
    if (pick.flag()) {
      shape = {in, out};
      return;
    }
    groups = pick(1, 3);
    const std::int64_t height = pick.size(4), width = pick.size(4);
    taps = height * width;
    shape = {height, width, in, groups * out};
  }
};

OpCase draw_transpose_weights(Pick& pick) {
  const Kernel c(pick);
  const ops::TensorSpec kernel = packed(c.shape, c.groups);
  return {std::make_shared<ops::TransposeWeights>(), {kernel}, {pick.values(kernel)}, 1, [c](const Inputs& given) {
            Values transposed;
            for (std::int64_t tap = c.taps; tap-- > 0;)
              for (std::int64_t n = 0; n < c.out; ++n)
                for (std::int64_t group = 0; group < c.groups; ++group)
                  for (std::int64_t k = 0; k < c.in; ++k)
                    transposed.push_back(
                        given[0][static_cast<std::size_t>((tap * c.in + k) * c.groups * c.out + group * c.out + n)]);
            return Inputs{transposed};
          }};
}

}  // namespace

std::vector<DrawnOp> moving_ops() {
  return {{"reshape", draw_reshape}, {"concatenate", draw_concatenate}, {"slice", draw_slice},
          {"pad2d", draw_pad2d},     {"crop2d", draw_crop2d},           {"transpose_weights", draw_transpose_weights}};
}

}  // namespace tilewise::test
