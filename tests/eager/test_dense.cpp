#include <cmath>

#include "eager/user_memory.hpp"
#include "ops/classification.hpp"
#include "ops/dense.hpp"
#include "ops/elementwise.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

constexpr std::int64_t batch = 5, in = 11, out = 35;
const TensorSpec x_spec{{in}}, y_spec{{out}}, w_spec{{in, out}, Storage::packed}, bias_spec{{out}, Storage::packed};
const Shape x_shape{batch, in}, y_shape{batch, out}, w_shape{in, out};

}  // namespace

TEST_CASE("dense on the caller's buffers is the op, with any activation", "[eager]") {
  const Values x = integers(x_spec, batch, 3, 1), w = integers(w_spec, 1, 3, 2), bias = integers(bias_spec, 1, 9, 3);
  const Values sums = expected_of(std::make_shared<ops::Dense>(), {x_spec, w_spec, bias_spec}, {x, w, bias}, batch)[0];
  const Values probabilities = expected_of(std::make_shared<ops::Softmax>(), {y_spec}, {sums}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView y = memory.output(y_shape), plain = memory.output(y_shape), soft = memory.output(y_shape);
    const ConstTensorView input = memory.input(x_shape, x), weights = memory.input(w_shape, w),
                          offsets = memory.input({out}, bias);
    dense(input, weights, offsets, relu, y);
    dense(input, weights, {}, linear, plain);
    dense(input, weights, offsets, softmax, soft);
    const Values found = memory.read(y), without_bias = memory.read(plain);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      REQUIRE(found[i] == std::max(sums[i], 0.0));
      REQUIRE(without_bias[i] == sums[i] - bias[i % out]);
    }
    check_close(memory.read(soft), probabilities);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("dense_backward gives any of the three gradients", "[eager]") {
  const Values x = integers(x_spec, batch, 3, 1), w = integers(w_spec, 1, 3, 2), dy = integers(y_spec, batch, 3, 3);
  const auto expected =
      expected_of(std::make_shared<ops::DenseBackward>(), {y_spec, x_spec, w_spec}, {dy, x, w}, batch);
  for (int wanted = 1; wanted < 8; ++wanted)
    on_every_isa([&](Guard guard, Lie lie) {
      INFO("wanted " << wanted);
      UserMemory memory(guard, lie);
      Gradients gradients;
      if (wanted & 1) gradients.dx = memory.output(x_shape);
      if (wanted & 2) gradients.dw = memory.output(w_shape);
      if (wanted & 4) gradients.db = memory.output({out});
      dense_backward(memory.input(y_shape, dy), memory.input(x_shape, x), memory.input(w_shape, w), gradients);
      if (wanted & 1) REQUIRE(memory.read(gradients.dx) == expected[0]);
      if (wanted & 2) REQUIRE(memory.read(gradients.dw) == expected[1]);
      if (wanted & 4) REQUIRE(memory.read(gradients.db) == expected[2]);
      REQUIRE(memory.gaps_written() == 0);
    });
}

TEST_CASE("prepared dense operations follow their weights", "[eager]") {
  const Values x = integers(x_spec, batch, 3, 1), w = integers(w_spec, 1, 3, 2), dy = integers(y_spec, batch, 3, 3);
  const Values expected = expected_of(std::make_shared<ops::Dense>(), {x_spec, w_spec, {}}, {x, w, {}}, batch)[0];
  const Values gradient =
      expected_of(std::make_shared<ops::DenseBackward>(), {y_spec, x_spec, w_spec}, {dy, x, w}, batch)[0];
  UserMemory memory(Guard::after, Lie::reversed);
  const ConstTensorView zero = memory.input(w_shape, Values(w.size(), 0.0)), weights = memory.input(w_shape, w);
  PreparedDense op = prepare_dense(x_shape, linear, zero);
  PreparedDenseBackward backward = prepare_dense_backward(x_shape, zero, {.dw = false, .db = false});
  op.set_weights(weights, {});
  backward.set_weights(weights);
  const TensorView y = memory.output(y_shape), dx = memory.output(x_shape);
  op.run(memory.input(x_shape, x), y);
  backward.run(memory.input(y_shape, dy), {}, {.dx = dx});
  CHECK(memory.read(y) == expected);
  CHECK(memory.read(dx) == gradient);
}

TEST_CASE("relu, softmax, their backward operations and add on the caller's buffers are the ops", "[eager]") {
  const Shape image{4, 3, 7}, shape = image.with_outer(batch);
  const Values a = integers({image}, batch, 5, 1), b = integers({image}, batch, 5, 2);
  const Values scores = reals(y_spec, batch, 3), slope = reals(y_spec, batch, 4);
  const Values rectified = expected_of(std::make_shared<ops::Relu>(), {{image}}, {a}, batch)[0];
  const Values rectified_gradient =
      expected_of(std::make_shared<ops::ReluBackward>(), {{image}, {image}}, {b, rectified}, batch)[0];
  const Values soft = expected_of(std::make_shared<ops::Softmax>(), {y_spec}, {scores}, batch)[0];
  const Values soft_gradient =
      expected_of(std::make_shared<ops::SoftmaxBackward>(), {y_spec, y_spec}, {slope, soft}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView y = memory.output(shape), dx = memory.output(shape), sum = memory.output(shape);
    activate(memory.input(shape, a), relu, y);
    activate_backward(memory.input(shape, b), y, relu, dx);
    add(memory.input(shape, a), memory.input(shape, b), sum);
    REQUIRE(memory.read(y) == rectified);
    REQUIRE(memory.read(dx) == rectified_gradient);
    const Values sums = memory.read(sum);
    for (std::size_t i = 0; i < sums.size(); ++i) REQUIRE(sums[i] == a[i] + b[i]);
    const TensorView probabilities = memory.output(y_shape), gradient = memory.output(y_shape);
    activate(memory.input(y_shape, scores), softmax, probabilities);
    activate_backward(memory.input(y_shape, slope), probabilities, softmax, gradient);
    check_close(memory.read(probabilities), soft);
    check_close(memory.read(gradient), soft_gradient);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("a batch of numbers, and of tensors of the highest rank, is activated and added", "[eager]") {
  for (const Shape& shape : {Shape{4}, Shape{2, 1, 2, 3, 1, 2}}) {
    UserMemory memory(Guard::after, Lie::gapped);
    Values x(static_cast<std::size_t>(shape.elements()), -2.0);
    x[1] = 3;
    const TensorView y = memory.output(shape), sum = memory.output(shape);
    activate(memory.input(shape, x), relu, y);
    add(y, memory.input(shape, x), sum);
    Values expected(x.size(), -2.0);
    expected[1] = 6;
    CHECK(memory.read(sum) == expected);
  }
}
