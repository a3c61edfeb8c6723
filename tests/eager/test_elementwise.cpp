#include "eager/user_memory.hpp"
#include "ops/activation.hpp"
#include "ops/dropout.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

constexpr std::int64_t batch = 3;
const Shape image{4, 3, 7}, shape = image.with_outer(batch);

/// An activation's name to the caller, its op and its backward op.
struct Smooth {
  Activation activation;
  std::shared_ptr<const ops::Op> op, backward;
};

}  // namespace

TEST_CASE("tanh and sigmoid on the caller's buffers are the ops", "[eager]") {
  const Smooth all[] = {
      {Activation::tanh, std::make_shared<ops::Tanh>(), std::make_shared<ops::TanhBackward>()},
      {Activation::sigmoid, std::make_shared<ops::Sigmoid>(), std::make_shared<ops::SigmoidBackward>()}};
  const Values x = reals({image}, batch, 1), dy = reals({image}, batch, 2);
  for (const Smooth& smooth : all) {
    const Values y = expected_of(smooth.op, {{image}}, {x}, batch)[0];
    const Values dx = expected_of(smooth.backward, {{image}, {image}}, {dy, y}, batch)[0];
    on_every_isa([&](Guard guard, Lie lie) {
      UserMemory memory(guard, lie);
      const TensorView found = memory.output(shape), gradient = memory.output(shape);
      activate(memory.input(shape, x), smooth.activation, found);
      activate_backward(memory.input(shape, dy), found, smooth.activation, gradient);
      check_close(memory.read(found), y);
      check_close(memory.read(gradient), dx);
      REQUIRE(memory.gaps_written() == 0);
    });
  }
}

TEST_CASE("conv2d and dense end in any activation that fits", "[eager]") {
  const Values x = reals({{9}}, batch, 1);
  const float twice[] = {2};
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const Shape column{batch, 9, 1, 1}, row{batch, 9};
    Values doubled(x);
    for (double& value : doubled) value = 2 * static_cast<float>(value);
    for (const Activation activation : {Activation::tanh, Activation::sigmoid}) {
      const TensorView expected = memory.output(row), y = memory.output(column), z = memory.output({batch * 9, 1});
      activate(memory.input(row, doubled), activation, expected);
      conv2d(memory.input(column, x), {twice, {1, 1, 1, 1}}, {}, {.activation = activation}, y);
      dense(memory.input({batch * 9, 1}, x), {twice, {1, 1}}, {}, activation, z);
      REQUIRE(memory.read(y) == memory.read(expected));
      REQUIRE(memory.read(z) == memory.read(expected));
    }
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("leaky_relu and its backward on the caller's buffers are the ops", "[eager]") {
  const Values x = integers({image}, batch, 9, 1), dy = integers({image}, batch, 9, 2);
  const Values y = expected_of(std::make_shared<ops::LeakyRelu>(0.25), {{image}}, {x}, batch)[0];
  const Values dx = expected_of(std::make_shared<ops::LeakyReluBackward>(0.25), {{image}, {image}}, {dy, y}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView found = memory.output(shape), gradient = memory.output(shape);
    leaky_relu(memory.input(shape, x), 0.25, found);
    leaky_relu_backward(memory.input(shape, dy), found, 0.25, gradient);
    REQUIRE(memory.read(found) == y);
    REQUIRE(memory.read(gradient) == dx);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("dropout on the caller's buffers is the op, and the same call is its gradient", "[eager]") {
  const Values x = integers({image}, batch, 9, 1), dy(x.size(), 1.0);
  const ops::TensorSpec step_spec{{1}, ops::Storage::plain, ops::Element::i32};
  const auto op = std::make_shared<ops::Dropout>(0.5, 7, 0);
  const Values y = expected_of(op, {{image}, step_spec}, {x, {12}}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView found = memory.output(shape), gradient = memory.output(shape), later = memory.output(shape);
    dropout(memory.input(shape, x), 0.5, 7, 12, found);
    dropout(memory.input(shape, dy), 0.5, 7, 12, gradient);
    PreparedDropout prepared = prepare_dropout(shape, 0.5, 7);
    prepared.run(memory.input(shape, x), 13, later);
    REQUIRE(memory.read(found) == y);
    REQUIRE(memory.read(later) != y);
    const Values factors = memory.read(gradient);
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(factors[i] * x[i] == y[i]);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("copy joins, crops and transposes", "[eager]") {
  const Values a = integers({image}, batch, 90, 1);
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory from(guard, lie), to(guard, lie == Lie::dense ? Lie::reversed : Lie::dense), alike(guard, lie);
    const TensorView y = to.output(shape), z = alike.output(shape);
    const ConstTensorView x = from.input(shape, a);
    copy(x, y);
    copy(x, z);
    REQUIRE(to.read(y) == a);
    REQUIRE(alike.read(z) == a);
    REQUIRE(to.gaps_written() + alike.gaps_written() == 0);
  });
  const float left[] = {1, 2, 3, 4}, right[] = {5, 6};
  float joined[6] = {};
  copy({left, {2, 2}}, {joined, {2, 2}, {3, 1}});
  copy({right, {2, 1}}, {joined + 2, {2, 1}, {3, 1}});
  CHECK(std::vector<float>(joined, joined + 6) == std::vector<float>{1, 2, 5, 3, 4, 6});
  CHECK_THROWS_WITH(copy({left, {2, 2}}, {joined, {2, 3}}), contains("copy: y is 2x3; expected 2x2"));
  CHECK_THROWS_WITH(copy({joined, {2, 2}}, {joined + 1, {2, 2}}), contains("expected memory apart"));
  CHECK_THROWS_WITH(copy({}, {joined, {2, 2}}), contains("copy: x is left out"));
  CHECK_THROWS_WITH(copy({left, {2, 2}}, {joined, {2, 2}, {1, 1}}), contains("elements overlap"));
}

TEST_CASE("elementwise operations refuse what they cannot do", "[eager]") {
  std::vector<float> memory(40);
  const ConstTensorView x(memory.data(), {2, 5});
  const TensorView y(memory.data() + 20, {2, 5});
  CHECK_THROWS_WITH(leaky_relu(x, -1, y), contains("leaky_relu: a slope of -1"));
  CHECK_THROWS_WITH(leaky_relu(x, 1e300, y), contains("within a float's range"));
  CHECK_THROWS_WITH(leaky_relu_backward(x, {memory.data() + 10, {2, 4}}, 0.5, y),
                    contains("leaky_relu_backward: y is 2x4; expected 2x5"));
  CHECK_THROWS_WITH(dropout(x, 1, 0, 0, y), contains("dropout: a rate of 1"));
  CHECK_THROWS_WITH(dropout({memory.data(), Shape{}}, 0.5, 0, 0, y), contains("expected a batch"));
  CHECK_THROWS_WITH(conv2d({memory.data(), {1, 2, 2, 3}}, {memory.data(), {1, 1, 1, 2}}, {}, {.groups = 2},
                           {memory.data() + 20, {1, 2, 2, 2}}),
                    contains("conv2d: 2 groups of 3 input channels"));
}
