#include <limits>

#include "eager/user_memory.hpp"
#include "ops/pool2d.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

/// One pooling of integers, and what the float64 reference makes of it.
struct PoolCase {
  AveragePool2DParams params;
  Shape image;
  std::int64_t batch;
  ops::Window2D window{};
  Values x{}, dy{};
  std::vector<Values> largest{};  ///< values, index
  Values mean{}, largest_gradient{}, mean_gradient{};

  PoolCase(const AveragePool2DParams& params, const Shape& image, std::int64_t batch)
      : params(params), image(image), batch(batch) {
    const Size2D stride = params.stride == Size2D(0) ? params.window : params.stride;
    window = ops::Window2D::resolve({image[0], image[1]}, params.window, stride, 1, params.padding);
    const ops::Sides counted = params.count_include_pad ? window.padding : ops::Sides{};
    if (params.ceil_mode) window.padding = window.ceil_padding({image[0], image[1]});
    x = integers({image}, batch, 9, 1);
    dy = integers({result()}, batch, 9, 2);
    largest = expected_of(std::make_shared<ops::MaxPool2D>(window), {{image}}, {x}, batch);
    mean = expected_of(std::make_shared<ops::AveragePool2D>(window, counted), {{image}}, {x}, batch)[0];
    const TensorSpec index{result(), Storage::batched, is_wide() ? ops::Element::u32 : ops::Element::u8};
    largest_gradient = expected_of(std::make_shared<ops::MaxPool2DBackward>(window, image), {{result()}, index},
                                   {dy, largest[1]}, batch)[0];
    mean_gradient =
        expected_of(std::make_shared<ops::AveragePool2DBackward>(window, image, counted), {{result()}}, {dy}, batch)[0];
  }

  MaxPool2DParams max() const {
    return {.window = params.window, .stride = params.stride, .padding = params.padding, .ceil_mode = params.ceil_mode};
  }
  bool is_wide() const { return params.window.height * params.window.width > 254; }
  Shape result() const {
    const ops::Extent2D out = window.out({image[0], image[1]});
    return {out.height, out.width, image[2]};
  }
  Shape x_shape() const { return image.with_outer(batch); }
  Shape y_shape() const { return result().with_outer(batch); }
};

std::vector<PoolCase> cases() {
  return {{{}, {6, 8, 5}, 3},
          {{.window = 3, .stride = 2, .padding = same}, {7, 6, 3}, 2},
          {{.window = {1, 4}, .stride = {1, 2}, .padding = Padding(0, 0, 1, 2)}, {3, 9, 18}, 1},
          {{.window = 16, .stride = 4}, {20, 17, 2}, 2},
          {{.window = {7, 6}}, {7, 6, 3}, 2},  // global
          {{.window = 3, .stride = 2, .padding = Padding(1, 1, 1, 1), .ceil_mode = true}, {6, 8, 3}, 2},
          {{.window = 3, .stride = 2, .padding = Padding(1, 1, 1, 1), .ceil_mode = true, .count_include_pad = true},
           {6, 8, 3},
           2}};
}

template <class Index>
void check_max_pool(const PoolCase& c, Guard guard, Lie lie) {
  UserMemory memory(guard, lie);
  const TensorView y = memory.output(c.y_shape()), alone = memory.output(c.y_shape()), dx = memory.output(c.x_shape());
  const View<Index> index = memory.output<Index>(c.y_shape());
  max_pool2d(memory.input(c.x_shape(), c.x), c.max(), alone);
  max_pool2d(memory.input(c.x_shape(), c.x), c.max(), y, index);
  max_pool2d_backward(memory.input(c.y_shape(), c.dy), index, c.max(), dx);
  REQUIRE(memory.read(alone) == c.largest[0]);
  REQUIRE(memory.read(y) == c.largest[0]);
  REQUIRE(memory.read(index) == c.largest[1]);
  REQUIRE(memory.read(dx) == c.largest_gradient);
  REQUIRE(memory.gaps_written() == 0);
}

}  // namespace

TEST_CASE("max_pool2d and its backward on the caller's buffers are the ops", "[eager]") {
  for (const PoolCase& c : cases())
    on_every_isa([&](Guard guard, Lie lie) {
      INFO("window " << c.params.window.height << " x " << c.params.window.width);
      if (c.is_wide())
        check_max_pool<std::uint32_t>(c, guard, lie);
      else
        check_max_pool<std::uint8_t>(c, guard, lie);
    });
}

TEST_CASE("average_pool2d and its backward on the caller's buffers are the ops", "[eager]") {
  for (const PoolCase& c : cases())
    on_every_isa([&](Guard guard, Lie lie) {
      UserMemory memory(guard, lie);
      const TensorView y = memory.output(c.y_shape()), dx = memory.output(c.x_shape());
      average_pool2d(memory.input(c.x_shape(), c.x), c.params, y);
      average_pool2d_backward(memory.input(c.y_shape(), c.dy), c.params, dx);
      check_close(memory.read(y), c.mean);
      check_close(memory.read(dx), c.mean_gradient);
      REQUIRE(memory.gaps_written() == 0);
    });
}

TEST_CASE("a prepared max-pool runs with its index and without", "[eager]") {
  const PoolCase c({}, {6, 8, 5}, 3);
  PreparedMaxPool2D op = prepare_max_pool2d(c.x_shape(), c.max());
  PreparedMaxPool2DBackward backward = prepare_max_pool2d_backward(c.x_shape(), c.max());
  UserMemory memory(Guard::after);
  const ConstTensorView x = memory.input(c.x_shape(), c.x);
  const TensorView first = memory.output(c.y_shape()), second = memory.output(c.y_shape()),
                   dx = memory.output(c.x_shape());
  const auto index = memory.output<std::uint8_t>(c.y_shape());
  op.run(x, first, index);
  op.run(x, second);
  backward.run(memory.input(c.y_shape(), c.dy), index, dx);
  CHECK(memory.read(first) == c.largest[0]);
  CHECK(memory.read(second) == c.largest[0]);
  CHECK(memory.read(index) == c.largest[1]);
  CHECK(memory.read(dx) == c.largest_gradient);
  CHECK(op.result_shape() == c.y_shape());
}

TEST_CASE("an index that max_pool2d did not make changes nothing outside of dx", "[eager]") {
  const PoolCase c({}, {6, 8, 5}, 3);
  for (Isa isa : available_isas()) {
    const ForcedIsa forced(isa);
    UserMemory memory(Guard::after);
    const TensorView dx = memory.output(c.x_shape());
    const auto index = memory.input<std::uint8_t>(c.y_shape(), Values(c.dy.size(), 200));
    max_pool2d_backward(memory.input(c.y_shape(), c.dy), index, c.max(), dx);
    CHECK(memory.read(dx) == Values(c.x.size(), 0.0));
  }
}

TEST_CASE("pools that do not fit are refused", "[eager]") {
  std::vector<float> x(2 * 4 * 4 * 3), y(2 * 2 * 2 * 3);
  std::vector<std::uint8_t> index(y.size());
  std::vector<std::uint32_t> wide(y.size());
  const ConstTensorView image(x.data(), {2, 4, 4, 3});
  const TensorView out(y.data(), {2, 2, 2, 3});
  CHECK_THROWS_WITH(max_pool2d({x.data(), {4, 4, 3}}, {}, out), contains("max_pool2d: x is 4x4x3; expected batch x"));
  CHECK_THROWS_WITH(average_pool2d(image, {.window = 5}, out), contains("average_pool2d: height: a window of 5"));
  CHECK_THROWS_WITH(max_pool2d(image, {}, {y.data(), {2, 2, 3, 2}}), contains("y is 2x2x3x2; expected 2x2x2x3"));
  CHECK_THROWS_WITH(max_pool2d(image, {}, {}), contains("y is left out"));
  CHECK_THROWS_WITH(max_pool2d(image, {}, out, View<std::uint32_t>(wide.data(), out.shape())),
                    contains("index has elements of 4 bytes; expected 1"));
  CHECK_THROWS_WITH(max_pool2d_backward(out, View<const std::uint8_t>{}, {}, {x.data(), {2, 4, 4, 3}}),
                    contains("index is left out"));
  CHECK_THROWS_WITH(
      average_pool2d_backward(out, {.window = {1, 2}, .padding = Padding(0, 0, 3, 0)}, {x.data(), {2, 4, 4, 3}}),
      contains("wholly in the padding"));
  CHECK_THROWS_WITH(prepare_max_pool2d_backward({2, 4, 4, 3}, {.window = {1, 2}, .padding = Padding(0, 0, 3, 0)}),
                    contains("wholly in the padding"));
  CHECK_THROWS_AS(max_pool2d(image, {.window = -1}, out), ShapeError);
  CHECK_THROWS_AS(max_pool2d(image, {.stride = {1, -1}}, out), ShapeError);
}
