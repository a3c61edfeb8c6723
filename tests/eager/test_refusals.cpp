#include <vector>

#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;

namespace {

/// A convolution whose tensors fit, all of zeros, in one piece of memory, a page from one to the next.
struct Fitting {
  std::vector<float> memory = std::vector<float>(8 * 1024);
  float* at(std::size_t page) { return memory.data() + 1024 * page; }

  ConstTensorView x{at(0), {2, 5, 6, 3}}, w{at(1), {3, 3, 3, 4}}, bias{at(2), {4}}, dy{at(3), {2, 3, 4, 4}};
  TensorView y{at(4), {2, 3, 4, 4}}, dx{at(5), {2, 5, 6, 3}}, dw{at(6), {3, 3, 3, 4}}, db{at(7), {4}};
};

}  // namespace

TEST_CASE("conv2d refuses what does not fit, and says what was found and expected", "[eager]") {
  Fitting f;
  CHECK_NOTHROW(conv2d(f.x, f.w, f.bias, {}, f.y));
  CHECK_THROWS_WITH(conv2d({f.at(0), {5, 6, 3}}, f.w, f.bias, {}, f.y),
                    contains("conv2d: x is 5x6x3; expected batch x height x width x channels"));
  CHECK_THROWS_WITH(conv2d({}, f.w, f.bias, {}, f.y), contains("conv2d: x is"));
  CHECK_THROWS_WITH(conv2d(f.x, {}, f.bias, {}, f.y), contains("conv2d: w is left out"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {}), contains("conv2d: y is left out"));
  CHECK_THROWS_WITH(conv2d(f.x, {f.at(1), {3, 3, 12}}, f.bias, {}, f.y), contains("conv2d: w is 3x3x12; expected"));
  CHECK_THROWS_WITH(conv2d(f.x, {f.at(1), {3, 3, 4, 3}}, f.bias, {}, f.y),
                    contains("conv2d: w is 3x3x4x3; expected 3 on axis 2"));
  CHECK_THROWS_WITH(conv2d(f.x, {f.at(1), {3, 3, 3, 0}}, {}, {}, f.y), contains("is empty"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, {f.at(2), {5}}, {}, f.y), contains("conv2d: bias is 5; expected 4"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {f.at(4), {2, 4, 3, 4}}),
                    contains("conv2d: y is 2x4x3x4; expected 2x3x4x4"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {f.at(4), {1, 3, 4, 4}}), contains("expected 2x3x4x4"));
  CHECK_THROWS_WITH(conv2d(f.x, {f.at(1), {6, 1, 3, 4}}, f.bias, {}, f.y),
                    contains("conv2d: height: a window of 6 on an image of 5"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {.stride = 0}, f.y), contains("conv2d: height: stride 0; expected 1"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {.dilation = {1, -2}}, f.y), contains("conv2d: width: dilation -2"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {.padding = Padding(0, -1, 0, 0)}, f.y), contains("padding -1"));
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {.activation = softmax}, f.y),
                    contains("conv2d: activation softmax; expected linear, relu, tanh or sigmoid"));
}

TEST_CASE("conv2d_backward refuses what does not fit", "[eager]") {
  Fitting f;
  CHECK_NOTHROW(conv2d_backward(f.dy, f.x, f.w, {}, {f.dx, f.dw, f.db}));
  CHECK_THROWS_WITH(conv2d_backward(f.dy, f.x, f.w, {}, {}), contains("no gradient is wanted"));
  CHECK_THROWS_WITH(conv2d_backward({f.at(3), {2, 3, 4, 0}}, f.x, {f.at(1), {3, 3, 3, 0}}, {}, {.dx = f.dx}),
                    contains("conv2d_backward: the kernel 3x3x3x0 is empty"));
  CHECK_THROWS_WITH(conv2d_backward({}, f.x, f.w, {}, {.dx = f.dx}), contains("dy is left out"));
  CHECK_THROWS_WITH(conv2d_backward(f.dy, {}, f.w, {}, {.dx = f.dx, .dw = f.dw}), contains("x is left out"));
  CHECK_THROWS_WITH(conv2d_backward(f.dy, {}, f.w, {}, {.db = f.db}), contains("x is left out"));
  CHECK_THROWS_WITH(conv2d_backward(f.y, f.x, f.w, {.activation = relu}, {.db = f.db}), contains("activation linear"));
  CHECK_THROWS_WITH(conv2d_backward({f.at(3), {2, 3, 4, 3}}, f.x, f.w, {}, {.db = f.db}),
                    contains("conv2d_backward: dy is 2x3x4x3; expected 2x3x4x4"));
  CHECK_THROWS_WITH(conv2d_backward({f.at(3), {1, 3, 4, 4}}, f.x, f.w, {}, {.db = f.db}),
                    contains("conv2d_backward: x is 2x5x6x3; expected 1x5x6x3"));
  CHECK_THROWS_WITH(conv2d_backward(f.dy, f.x, f.w, {}, {.dw = TensorView(f.at(6), {3, 3, 4, 3})}),
                    contains("dw is 3x3x4x3; expected 3x3x3x4"));
  auto op = prepare_conv2d_backward({2, 5, 6, 3}, {}, f.w, {.dw = false});
  CHECK_THROWS_WITH(op.run(f.dy, f.x, {f.dx, f.dw, f.db}), contains("dw is given; expected none"));
  CHECK_THROWS_WITH(op.run(f.dy, f.x, {.dx = f.dx}), contains("db is left out"));
  CHECK_NOTHROW(op.run(f.dy, {}, {.dx = f.dx, .db = f.db}));
}

TEST_CASE("memory that an output shares is refused, and nothing is written", "[eager]") {
  Fitting f;
  for (float& value : f.memory) value = 3;
  const std::vector<float> before = f.memory;
  const auto apart = contains("expected memory apart");
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {f.at(0) + 100, {2, 3, 4, 4}}), apart);
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {f.at(1) - 95, {2, 3, 4, 4}}), apart);
  CHECK_THROWS_WITH(conv2d(f.x, f.w, f.bias, {}, {f.at(2) + 3, {2, 3, 4, 4}}), contains("that of bias (16 bytes)"));
  CHECK_THROWS_WITH(conv2d_backward(f.dy, f.x, f.w, {}, {.dx = f.dx, .db = TensorView(f.at(5), {4})}), apart);
  CHECK_THROWS_WITH(conv2d_backward(f.dy, f.x, f.w, {}, {.dw = TensorView(f.at(1), {3, 3, 3, 4})}), apart);
  CHECK_THROWS_WITH(activate(f.x, relu, {f.at(0), {2, 5, 6, 3}}), apart);
  CHECK_THROWS_WITH(add(f.x, f.x, {f.at(0) + 179, {2, 5, 6, 3}}), apart);
  CHECK(f.memory == before);
  CHECK_NOTHROW(add(f.x, f.x, {f.at(0) + 180, {2, 5, 6, 3}}));  // flush with it
}

TEST_CASE("outputs whose elements overlap are refused, inputs may", "[eager]") {
  std::vector<float> signal{1, 2, 3, 4, 5}, y(6), w{1, 10};
  const ConstTensorView windows(signal.data(), {3, 2}, {1, 1});  // (1 2), (2 3), (3 4)
  CHECK_THROWS_WITH(activate(windows, relu, {y.data(), {3, 2}, {1, 1}}),
                    contains("y is 3x2 with strides 1, 1: elements overlap"));
  dense(windows, {w.data(), {2, 1}}, {}, linear, {y.data(), {3, 1}});
  CHECK(y == std::vector<float>{21, 32, 43, 0, 0, 0});
}

TEST_CASE("prepared operations refuse other shapes than theirs", "[eager]") {
  Fitting f;
  PreparedConv2D op = prepare_conv2d({2, 5, 6, 3}, {}, f.w, f.bias);
  CHECK_THROWS_WITH(op.run({f.at(0), {3, 5, 6, 3}}, f.y),
                    contains("conv2d: x is 3x5x6x3; expected a batch of at most 2 of 5x6x3"));
  CHECK_THROWS_WITH(op.run({f.at(0), {2, 6, 5, 3}}, f.y), contains("x is 2x6x5x3; expected 2x5x6x3"));
  CHECK_THROWS_WITH(op.run({f.at(0), {5, 6, 3}}, f.y), contains("expected a batch of at most 2 of 5x6x3"));
  CHECK_THROWS_WITH(op.set_weights({f.at(1), {3, 3, 3, 5}}, f.bias), contains("w is 3x3x3x5; expected 3x3x3x4"));
  CHECK_THROWS_WITH(op.set_weights(f.w, {}), contains("bias is left out"));
  CHECK_THROWS_WITH(prepare_conv2d({2, 5, 6, 3}, {}, f.w).set_weights(f.w, f.bias),
                    contains("bias is given; expected none"));
  CHECK_THROWS_AS(prepare_conv2d({INT64_MAX / 90, 5, 6, 3}, {}, f.w), ShapeError);
}

TEST_CASE("dense, activations and add refuse what does not fit", "[eager]") {
  std::vector<float> memory(100), result(100);
  const ConstTensorView x(memory.data(), {4, 3}), w(memory.data(), {3, 5});
  const TensorView y(result.data(), {4, 5});
  CHECK_THROWS_WITH(dense({memory.data(), {4, 3, 1}}, w, {}, linear, y),
                    contains("x is 4x3x1; expected batch x features"));
  CHECK_THROWS_WITH(dense(x, {memory.data(), {4, 5}}, {}, linear, y),
                    contains("dense: w is 4x5; expected 3 on axis 0"));
  CHECK_THROWS_WITH(dense(x, w, {memory.data(), {4}}, linear, y), contains("dense: bias is 4; expected 5"));
  CHECK_THROWS_WITH(dense_backward(y, x, {memory.data(), {4, 5}}, {.db = TensorView(memory.data() + 50, {5})}),
                    contains("dense_backward: w is 4x5; expected 3 on axis 0"));
  CHECK_THROWS_WITH(dense_backward(y, x, w, {}), contains("no gradient is wanted"));
  CHECK_THROWS_WITH(dense_backward({memory.data(), {4, 0}}, x, {memory.data(), {3, 0}},
                                   {.dx = TensorView(memory.data() + 50, {4, 3})}),
                    contains("dense_backward: the kernel 3x0 is empty"));
  CHECK_THROWS_WITH(activate(x, linear, y), contains("activate: activation linear"));
  CHECK_THROWS_WITH(activate({memory.data(), {2, 2, 3}}, softmax, {result.data(), {2, 2, 3}}), contains("softmax"));
  CHECK_THROWS_WITH(activate({memory.data(), Shape{}}, relu, {result.data(), Shape{}}), contains("expected a batch"));
  CHECK_THROWS_WITH(activate_backward(y, {memory.data(), {4, 4}}, relu, {memory.data() + 50, {4, 5}}),
                    contains("activate_backward: y is 4x4; expected 4x5"));
  CHECK_THROWS_WITH(add(x, {memory.data(), {4, 4}}, {result.data(), {4, 3}}), contains("add: b is 4x4; expected 4x3"));
}
