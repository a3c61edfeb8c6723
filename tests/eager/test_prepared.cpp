#include <thread>

#include "base/aligned_buffer.hpp"
#include "eager/user_memory.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

/// Runs `run` once, then counts what further runs allocate.
template <class F>
void check_allocates_nothing(const F& run) {
  run();
  Allocations::reset();
  const std::int64_t before = base::AlignedBuffer::allocations();
  for (int i = 0; i < 3; ++i) run();
  CHECK(Allocations::count() == 0);
  CHECK(base::AlignedBuffer::allocations() == before);
}

Values ramp(const Shape& shape) {
  return integers({shape}, 1, 3, 1);
}

}  // namespace

TEST_CASE("a prepared operation allocates nothing, dense or strided, whatever the batch", "[eager]") {
  const Threads one(1);  // oneTBB's own pools allocate now and then
  for (Lie lie : all_lies) {
    UserMemory memory(Guard::after, lie);
    const Shape image{3, 9, 8, 4}, map{3, 7, 6, 5}, kernel{3, 3, 4, 5}, pooled{3, 4, 4, 4};
    const auto in = [&](const Shape& shape) { return memory.input(shape, ramp(shape)); };
    const auto bytes = [&](const Shape& shape) { return memory.output<std::uint8_t>(shape); };
    const ConstTensorView x = in(image), w = in(kernel), bias = in({5}), dy = in(map), short_x = in({2, 9, 8, 4});
    const TensorView y = memory.output(map), short_y = memory.output({2, 7, 6, 5}), dx = memory.output(image),
                     dw = memory.output(kernel), db = memory.output({5}), small = memory.output(pooled);

    PreparedConv2D conv = prepare_conv2d(image, {.activation = relu}, w, bias);
    check_allocates_nothing([&] {
      conv.run(x, y);
      conv.run(short_x, short_y);
    });
    PreparedConv2DBackward conv_backward = prepare_conv2d_backward(image, {}, w);
    check_allocates_nothing([&] { conv_backward.run(dy, x, {dx, dw, db}); });

    const MaxPool2DParams pool{.window = 2, .stride = 2, .padding = Padding(0, 0, 0, 0)};
    const AveragePool2DParams average_pool{.window = 2};
    const auto index = bytes(pooled);
    PreparedMaxPool2D max_pool = prepare_max_pool2d(image, pool);
    check_allocates_nothing([&] {
      max_pool.run(x, small, index);
      max_pool.run(x, small);
    });
    const ConstTensorView dsmall = in(pooled);
    PreparedMaxPool2DBackward max_pool_backward = prepare_max_pool2d_backward(image, pool);
    check_allocates_nothing([&] { max_pool_backward.run(dsmall, index, dx); });
    PreparedAveragePool2D mean = prepare_average_pool2d(image, average_pool);
    check_allocates_nothing([&] { mean.run(x, small); });
    PreparedAveragePool2DBackward mean_backward = prepare_average_pool2d_backward(image, average_pool);
    check_allocates_nothing([&] { mean_backward.run(dsmall, dx); });

    const ConstTensorView rows = in({3, 6}), matrix = in({6, 5}), drows = in({3, 5});
    const TensorView product = memory.output({3, 5}), drows_in = memory.output({3, 6}), dmatrix = memory.output({6, 5}),
                     soft = memory.output({3, 5});
    PreparedDense dense_op = prepare_dense({3, 6}, softmax, matrix, bias);
    check_allocates_nothing([&] { dense_op.run(rows, product); });
    PreparedDenseBackward dense_backward_op = prepare_dense_backward({3, 6}, matrix);
    check_allocates_nothing([&] { dense_backward_op.run(drows, rows, {drows_in, dmatrix, db}); });
    PreparedActivation activation = prepare_activation({3, 5}, softmax);
    check_allocates_nothing([&] { activation.run(drows, soft); });
    PreparedActivationBackward activation_backward = prepare_activation_backward({3, 5}, softmax);
    check_allocates_nothing([&] { activation_backward.run(drows, soft, product); });
    PreparedAdd sum = prepare_add({3, 5});
    check_allocates_nothing([&] { sum.run(drows, soft, product); });
    CHECK(memory.gaps_written() == 0);
  }
}

TEST_CASE("prepared depthwise and transposed convolutions allocate nothing, dense or strided", "[eager]") {
  const Threads one(1);
  for (Lie lie : all_lies) {
    UserMemory memory(Guard::after, lie);
    const Shape image{3, 9, 8, 4}, separate{3, 3, 4, 2}, map{3, 7, 6, 8}, kernel{3, 3, 5, 4}, stamped{3, 11, 10, 5};
    const auto in = [&](const Shape& shape) { return memory.input(shape, ramp(shape)); };
    const ConstTensorView x = in(image), w = in(separate), turned = in(kernel);
    const TensorView dx = memory.output(image), dw = memory.output(separate), dturned = memory.output(kernel),
                     eight = memory.output({8}), five = memory.output({5}), y = memory.output(map),
                     z = memory.output(stamped);
    PreparedDepthwiseConv2D depthwise = prepare_depthwise_conv2d(image, {.activation = relu}, w, in({8}));
    check_allocates_nothing([&] { depthwise.run(x, y); });
    PreparedDepthwiseConv2DBackward depthwise_backward = prepare_depthwise_conv2d_backward(image, {}, w);
    check_allocates_nothing([&] { depthwise_backward.run(y, x, {dx, dw, eight}); });
    PreparedConv2DTranspose transpose =
        prepare_conv2d_transpose(image, {.activation = Activation::tanh}, turned, in({5}));
    check_allocates_nothing([&] { transpose.run(x, z); });
    PreparedConv2DTransposeBackward transpose_backward = prepare_conv2d_transpose_backward(image, {}, turned);
    check_allocates_nothing([&] { transpose_backward.run(z, x, {dx, dturned, five}); });
    CHECK(memory.gaps_written() == 0);
  }
}

TEST_CASE("prepared losses, dropout and batch normalisation allocate nothing, dense or strided", "[eager]") {
  const Threads one(1);
  for (Lie lie : all_lies) {
    UserMemory memory(Guard::after, lie);
    const Shape shape{3, 5}, channels{5};
    const ConstTensorView x = memory.input(shape, ramp(shape)), weights = memory.input(channels, Values(5, 2.0));
    const LabelView labels = memory.input<std::int32_t>({3}, {0, 4, 2});
    const TensorView losses = memory.output({3}), y = memory.output(shape), z = memory.output(shape),
                     mean = memory.output(channels), variance = memory.output(channels);

    PreparedSoftmaxCrossEntropy loss = prepare_softmax_cross_entropy(shape);
    check_allocates_nothing([&] { loss.run(x, labels, losses, y); });
    PreparedSoftmaxCrossEntropyBackward loss_backward = prepare_softmax_cross_entropy_backward(shape);
    check_allocates_nothing([&] { loss_backward.run(y, labels, z); });
    PreparedSoftmaxTargetCrossEntropy target_loss = prepare_softmax_target_cross_entropy(shape);
    check_allocates_nothing([&] { target_loss.run(x, x, losses); });
    PreparedSoftmaxTargetCrossEntropyBackward target_backward = prepare_softmax_target_cross_entropy_backward(shape);
    check_allocates_nothing([&] { target_backward.run(y, x, z); });
    PreparedSquaredError error = prepare_squared_error(shape);
    check_allocates_nothing([&] { error.run(x, y, losses); });
    PreparedSquaredErrorBackward error_backward = prepare_squared_error_backward(shape);
    check_allocates_nothing([&] { error_backward.run(x, y, z); });
    PreparedLeakyRelu leaky = prepare_leaky_relu(shape, 0.5);
    check_allocates_nothing([&] { leaky.run(x, y); });
    PreparedLeakyReluBackward leaky_backward = prepare_leaky_relu_backward(shape, 0.5);
    check_allocates_nothing([&] { leaky_backward.run(x, y, z); });
    PreparedDropout thin = prepare_dropout(shape, 0.5, 1);
    check_allocates_nothing([&] { thin.run(x, 3, y); });

    PreparedBatchNormalizationTraining training = prepare_batch_normalization_training(shape, {weights, weights}, 1e-3);
    check_allocates_nothing([&] { training.run(x, y, mean, variance); });
    PreparedBatchNormalization inference = prepare_batch_normalization(shape, {}, weights, weights, 1e-3);
    check_allocates_nothing([&] { inference.run(x, y); });
    PreparedBatchNormalizationBackward backward = prepare_batch_normalization_backward(shape, weights, 1e-3);
    const TensorView dgamma = memory.output(channels), dbeta = memory.output(channels);
    check_allocates_nothing([&] { backward.run(x, y, mean, variance, {z, dgamma, dbeta}); });
    CHECK(memory.gaps_written() == 0);
  }
}

TEST_CASE("prepared operations run at the same time, each on a thread of its own", "[eager]") {
  const Shape image{4, 12, 11, 6}, kernel{3, 3, 6, 40}, map{4, 10, 9, 40};
  const std::vector<float> x(static_cast<std::size_t>(image.elements()), 2.0f),
      w(static_cast<std::size_t>(kernel.elements()), 3.0f);
  constexpr int threads = 4;
  std::vector<std::vector<float>> results(threads, std::vector<float>(static_cast<std::size_t>(map.elements())));
  std::vector<std::thread> running;
  for (std::vector<float>& result : results)
    running.emplace_back([&] {
      PreparedConv2D op = prepare_conv2d(image, {}, {w.data(), kernel});
      for (int i = 0; i < 20; ++i) op.run({x.data(), image}, {result.data(), map});
    });
  for (std::thread& thread : running) thread.join();
  for (const std::vector<float>& result : results)
    CHECK(result == std::vector<float>(result.size(), 2.0f * 3.0f * 3 * 3 * 6));
}

TEST_CASE("large strided views are copied by several threads", "[eager]") {
  const Shape shape{3, 70, 90, 5};
  UserMemory memory(Guard::after, Lie::gapped);
  const Values a = ramp(shape);
  const Threads several(4);
  const TensorView y = memory.output(shape);
  add(memory.input(shape, a), memory.input(shape, a), y);
  const Values found = memory.read(y);
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(found[i] == 2 * a[i]);
  CHECK(memory.gaps_written() == 0);
}

TEST_CASE("a prepared operation is moved, and what it was moved from says so", "[eager]") {
  std::vector<float> a(6, 1.0f), y(6);
  const ConstTensorView x(a.data(), {2, 3});
  PreparedAdd first = prepare_add({2, 3});
  PreparedAdd second = std::move(first);
  second.run(x, x, {y.data(), {2, 3}});
  CHECK(y == std::vector<float>(6, 2.0f));
  CHECK_THROWS_WITH(first.run(x, x, {y.data(), {2, 3}}), contains("moved away"));
  first = prepare_add({5, 3});
  first.run(x, x, {y.data(), {2, 3}});
  CHECK(first.result_shape() == Shape{5, 3});
}
