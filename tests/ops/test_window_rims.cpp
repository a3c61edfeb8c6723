#include <cmath>
#include <limits>

#include "ops/conv2d.hpp"
#include "ops/elementwise.hpp"
#include "ops/pool2d.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"

/// Where a window meets what is no image, or no number.
using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using plan::ValueId;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::int64_t channel_of(std::size_t element, std::int64_t channels) {
  return static_cast<std::int64_t>(element) % channels;
}

}  // namespace

TEST_CASE("rows and columns that no window reaches get exact zeros, whatever the others get", "[ops]") {
  // 2x2 windows, 3 apart: rows 2, 5 and 6 and columns 2 and 5 are out of reach.
  const ops::Window2D window{{2, 2}, {3, 3}};
  constexpr std::int64_t height = 7, width = 8, channels = 19, batch = 2;
  const Shape image{height, width, channels};
  const ops::TensorSpec result{{2, 3, channels}}, index{{2, 3, channels}, Storage::batched, ops::Element::u8};
  const auto count = static_cast<std::size_t>(element_count(result, batch));
  for (const double dy : {1.0, infinity})
    for (const ops::Kernels& kernels : all_float_kernels()) {
      const RunSettings settings{kernels, batch};
      const ops::TensorSpec transposed{{2, 2, channels, channels}, Storage::packed};
      const std::vector<Values> gradients{
          run_op(std::make_shared<ops::Conv2DBackward>(window, transposed.shape, 1), {result, {image}, transposed},
                 {Values(count, dy), Values(static_cast<std::size_t>(batch * image.elements()), 1.0),
                  Values(static_cast<std::size_t>(transposed.shape.elements()), 1.0)},
                 settings)[0],
          run_op(std::make_shared<ops::MaxPool2DBackward>(window, image), {result, index},
                 {Values(count, dy), Values(count, 3.0)}, settings)[0],
          run_op(std::make_shared<ops::AveragePool2DBackward>(window, image), {result}, {Values(count, dy)},
                 settings)[0]};
      for (std::size_t which = 0; which < gradients.size(); ++which)
        for (std::size_t element = 0; element < gradients[which].size(); ++element) {
          const std::int64_t place = static_cast<std::int64_t>(element) / channels;
          const std::int64_t row = place / width % height, column = place % width;
          const bool reached = row % 3 != 2 && row < 5 && column % 3 != 2;
          // Of a max-pool's windows the last place has won.
          const bool moved = which == 1 ? reached && row % 3 == 1 && column % 3 == 1 : reached;
          INFO("isa " << kernels.isa() << ", op " << which << ", row " << row << ", column " << column);
          REQUIRE((gradients[which][element] != 0) == moved);
        }
    }
}

TEST_CASE("padding may reach or exceed the kernel: outputs that see nothing else are the bias", "[ops]") {
  // One row of three pixels in the middle of padding that is larger than the kernel on every side.
  const ops::Window2D window{{2, 1}, {1, 2}, {1, 1}, {2, 3, 4, 1}};
  const ops::TensorSpec image{{1, 3, 1}}, kernel{{2, 1, 1, 21}, Storage::packed}, bias{{21}, Storage::packed};
  const ops::Extent2D out = window.out({1, 3});
  REQUIRE(out.height == 5);
  REQUIRE(out.width == 4);
  const Values b = integers(bias, 1, 9, 1);
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const Values y = run_op(std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{window}), {image, kernel, bias},
                            {{1, 2, 3}, Values(42, infinity), b}, {kernels, 1})[0];
    for (std::size_t element = 0; element < y.size(); ++element) {
      const std::int64_t place = static_cast<std::int64_t>(element) / 21;
      const std::int64_t row = place / out.width, column = place % out.width;
      // Rows 1 and 2 see the image's row, column 2 its pixel 0 and column 3 its pixel 2.
      const bool sees_image = (row == 1 || row == 2) && column >= 2;
      INFO("isa " << kernels.isa() << ", row " << row << ", column " << column);
      REQUIRE(y[element] == (sees_image ? infinity : b[static_cast<std::size_t>(channel_of(element, 21))]));
    }
  }
}

TEST_CASE("a NaN comes through convolution, ReLU and max-pool, fused or not, and touches nothing else", "[ops]") {
  constexpr std::int64_t side = 6, filters = 37;
  plan::Graph graph;
  const ValueId x = graph.add_input("x", {{side, side, 1}});
  const ValueId w = graph.add_parameter("w", {3, 3, 1, filters}, 0), b = graph.add_parameter("b", {filters}, 1);
  const ops::Conv2DAttributes same{{{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}};
  const ValueId map = graph.emit(std::make_shared<ops::Conv2D>(same), {x, w, b})[0];
  const ValueId rectified = graph.emit(std::make_shared<ops::Relu>(), {map})[0];
  const ValueId pooled = graph.emit(std::make_shared<ops::MaxPool2D>(ops::Window2D{{2, 2}, {2, 2}}), {rectified})[0];
  for (std::int64_t place = 0; place < side * side; ++place) {
    Values image(side * side, 1.0);
    image[static_cast<std::size_t>(place)] = std::numeric_limits<double>::quiet_NaN();
    // Without the NaN every sum is negative, and every output zero.
    const std::map<ValueId, Values> inputs{{x, image}, {w, Values(9 * filters, -1.0)}, {b, Values(filters, 0.0)}};
    for (const ops::Kernels& kernels : all_float_kernels())
      for (const bool fuse : {false, true}) {
        const Values y = run_graph(graph, inputs, {pooled}, {kernels, 1, 1, fuse})[0];
        for (std::size_t element = 0; element < y.size(); ++element) {
          const std::int64_t window = static_cast<std::int64_t>(element) / filters;
          // A pooled output sees rows 2p - 1 to 2p + 2.
          const auto near = [](std::int64_t output, std::int64_t input) {
            return 2 * output - 1 <= input && input <= 2 * output + 2;
          };
          const bool touched = near(window / 3, place / side) && near(window % 3, place % side);
          INFO("isa " << kernels.isa() << ", NaN at " << place << ", output " << element << ", fused " << fuse);
          REQUIRE(std::isnan(y[element]) == touched);
          if (!touched) REQUIRE(y[element] == 0);
        }
      }
  }
}
