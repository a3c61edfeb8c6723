
#include "ops/conv2d.hpp"
#include "ops/transpose_weights.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

struct ConvCase {
  ops::Window2D window;
  std::int64_t height, width, in_channels, out_channels, batch, groups = 1;

  TensorSpec packed(const Shape& shape) const { return {shape, Storage::packed, ops::Element::scalar, groups}; }
  TensorSpec image() const { return {{height, width, in_channels}}; }
  TensorSpec kernel() const {
    return packed({window.size.height, window.size.width, in_channels / groups, out_channels});
  }
  TensorSpec transposed() const {
    return packed({window.size.height, window.size.width, out_channels / groups, in_channels});
  }
  TensorSpec bias() const { return packed({out_channels}); }
  ops::Conv2DAttributes attributes() const { return {.window = window, .groups = groups}; }
  std::shared_ptr<const ops::Op> backward() const {
    return std::make_shared<ops::Conv2DBackward>(window, kernel().shape, groups);
  }
  ops::Extent2D out() const { return window.out({height, width}); }
  TensorSpec result() const { return {{out().height, out().width, out_channels}}; }
};

/// The definition, written out.
Values plain_conv2d(const ConvCase& c, const Values& x, const Values& w, const Values& b) {
  const ops::Extent2D out = c.out();
  const std::int64_t group_in = c.in_channels / c.groups, group_out = c.out_channels / c.groups;
  Values y;
  for (std::int64_t n = 0; n < c.batch; ++n)
    for (std::int64_t p = 0; p < out.height; ++p)
      for (std::int64_t q = 0; q < out.width; ++q)
        for (std::int64_t o = 0; o < c.out_channels; ++o) {
          double sum = b.empty() ? 0 : b[static_cast<std::size_t>(o)];
          for (std::int64_t r = 0; r < c.window.size.height; ++r)
            for (std::int64_t s = 0; s < c.window.size.width; ++s) {
              const std::int64_t i = p * c.window.stride.height + r * c.window.dilation.height - c.window.padding.top;
              const std::int64_t j = q * c.window.stride.width + s * c.window.dilation.width - c.window.padding.left;
              if (i < 0 || i >= c.height || j < 0 || j >= c.width) continue;
              for (std::int64_t k = 0; k < group_in; ++k)
                sum += x[static_cast<std::size_t>(((n * c.height + i) * c.width + j) * c.in_channels +
                                                  o / group_out * group_in + k)] *
                       w[static_cast<std::size_t>(((r * c.window.size.width + s) * group_in + k) * c.out_channels + o)];
            }
          y.push_back(sum);
        }
  return y;
}

}  // namespace

TEST_CASE("conv2d's passes give the same bits for any number of threads and on every ISA with FMA", "[ops]") {
  // Few input channels, few outputs, few of both in a group, and neither.
  for (const ConvCase& c : {ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 30, 17, 1, 33, 3},
                            ConvCase{{{5, 3}, {2, 1}, {1, 1}, {2, 1, 0, 1}}, 9, 21, 3, 70, 9},
                            ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 11, 13, 37, 3, 5},
                            ConvCase{{{3, 2}, {1, 2}}, 9, 13, 40, 4, 2, 2},
                            ConvCase{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 9, 13, 38, 38, 3, 19},
                            ConvCase{{{3, 2}, {2, 1}, {2, 1}, {1, 1, 1, 1}}, 9, 11, 76, 76, 5, 19},
                            ConvCase{{{3, 3}, {1, 1}, {2, 2}, {2, 2, 2, 2}}, 9, 7, 12, 20, 4}}) {
    const Values dy = reals(c.result(), c.batch, 1), x = reals(c.image(), c.batch, 2), w = reals(c.kernel(), 1, 3),
                 b = reals(c.bias(), 1, 4);
    std::vector<Values> first;
    for (const ops::Kernels& kernels : all_float_kernels()) {
      if (kernels.scalar() != ops::Scalar::f32 || kernels.isa() == "sse2") continue;
      for (const int threads : {1, 2, 3, 7}) {
        INFO("isa " << kernels.isa() << ", threads " << threads);
        const RunSettings settings{kernels, c.batch, threads};
        const Values transposed = run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
        auto found = run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {dy, x, transposed}, settings);
        found.push_back(run_op(std::make_shared<ops::Conv2D>(c.attributes()), {c.image(), c.kernel(), c.bias()},
                               {x, w, b}, settings)[0]);
        if (first.empty()) first = found;
        REQUIRE(found == first);
      }
    }
  }
}

TEST_CASE("an empty batch gives zero gradients", "[ops]") {
  const ConvCase c{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 5, 5, 2, 3, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto gradients =
        run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {{}, {}, Values(54, 1.0)}, {kernels, 0});
    CHECK(gradients[1] == Values(54, 0.0));
    CHECK(gradients[2] == Values(3, 0.0));
  }
}

TEST_CASE("conv2d takes strides far beyond the image", "[ops]") {
  const ConvCase c{{{3, 3}, {0x7FFFFFFF, 0x7FFFFFFF}, {1, 1}, {1, 1, 1, 1}}, 5, 5, 2, 3, 2};
  const Values x = integers(c.image(), c.batch, 3, 1), w = integers(c.kernel(), 1, 3, 2),
               dy = integers(c.result(), c.batch, 3, 3);
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const RunSettings settings{kernels, c.batch};
    const Values y =
        run_op(std::make_shared<ops::Conv2D>(c.attributes()), {c.image(), c.kernel(), {}}, {x, w, {}}, settings)[0];
    CHECK(y == plain_conv2d(c, x, w, {}));
    const Values transposed = run_op(std::make_shared<ops::TransposeWeights>(), {c.kernel()}, {w}, settings)[0];
    const auto gradients = run_op(c.backward(), {c.result(), c.image(), c.transposed()}, {dy, x, transposed}, settings);
    CHECK(dot(x, gradients[0]) == dot(y, dy));
    CHECK(dot(w, gradients[1]) == dot(y, dy));
  }
}

TEST_CASE("conv2d refuses what does not fit", "[ops]") {
  const auto infer = [](const ops::Window2D& window, const Shape& image, const Shape& kernel) {
    return ops::Conv2D({window}).infer({{image}, {kernel, Storage::packed}, {}});
  };
  CHECK_THROWS_AS(infer({{3, 3}}, {2, 2, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}}, {5, 5, 2}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}, {0, 1}}, {5, 5, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK_THROWS_AS(infer({{3, 3}, {1, 1}, {1, 1}, {-1, 0, 0, 0}}, {5, 5, 1}, {3, 3, 1, 1}), ShapeError);
  CHECK(infer({{3, 3}}, {3, 3, 1}, {3, 3, 1, 7})[0].shape == Shape{1, 1, 7});
  const auto infer_groups = [](std::int64_t groups, std::int64_t in_channels, const TensorSpec& kernel) {
    return ops::Conv2D({.window = {{1, 1}}, .groups = groups}).infer({{{2, 2, in_channels}}, kernel, {}});
  };
  const TensorSpec of_two{{1, 1, 3, 4}, Storage::packed, ops::Element::scalar, 2};
  CHECK(infer_groups(2, 6, of_two)[0].shape == Shape{2, 2, 4});
  CHECK_THROWS_WITH(infer_groups(4, 6, of_two), contains("4 groups of 6 input and 4 output channels"));
  CHECK_THROWS_AS(infer_groups(3, 6, of_two), ShapeError);
  CHECK_THROWS_AS(infer_groups(0, 6, of_two), ShapeError);
  CHECK_THROWS_WITH(infer_groups(1, 3, of_two), contains("in 2 groups"));
}
