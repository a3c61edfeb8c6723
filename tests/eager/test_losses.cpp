#include "eager/user_memory.hpp"
#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

constexpr std::int64_t batch = 3, classes = 5;
const Shape shape{batch, classes};
const TensorSpec scores_spec{{classes}}, labels_spec{{}, Storage::batched, ops::Element::i32};
const Values labels{4, 0, 2};

}  // namespace

TEST_CASE("softmax_cross_entropy and its backward on the caller's buffers are the ops", "[eager]") {
  const Values logits = reals(scores_spec, batch, 1);
  const auto expected =
      expected_of(std::make_shared<ops::SoftmaxCrossEntropy>(), {scores_spec, labels_spec}, {logits, labels}, batch);
  const Values gradient = expected_of(std::make_shared<ops::SoftmaxCrossEntropyBackward>(), {scores_spec, labels_spec},
                                      {expected[1], labels}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView losses = memory.output({batch}), alone = memory.output({batch}), p = memory.output(shape),
                     dlogits = memory.output(shape);
    const LabelView truth = memory.input<std::int32_t>({batch}, labels);
    softmax_cross_entropy(memory.input(shape, logits), truth, alone);
    softmax_cross_entropy(memory.input(shape, logits), truth, losses, p);
    softmax_cross_entropy_backward(p, truth, dlogits);
    check_close(memory.read(alone), expected[0]);
    check_close(memory.read(losses), expected[0]);
    check_close(memory.read(p), expected[1]);
    check_close(memory.read(dlogits), gradient);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("softmax_target_cross_entropy and its backward on the caller's buffers are the ops", "[eager]") {
  const Values logits = reals(scores_spec, batch, 1), targets = reals(scores_spec, batch, 2);
  const std::vector<TensorSpec> specs{scores_spec, scores_spec};
  const auto expected =
      expected_of(std::make_shared<ops::SoftmaxTargetCrossEntropy>(), specs, {logits, targets}, batch);
  const Values gradient =
      expected_of(std::make_shared<ops::SoftmaxTargetCrossEntropyBackward>(), specs, {expected[1], targets}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView losses = memory.output({batch}), p = memory.output(shape), dlogits = memory.output(shape);
    softmax_target_cross_entropy(memory.input(shape, logits), memory.input(shape, targets), losses, p);
    softmax_target_cross_entropy_backward(p, memory.input(shape, targets), dlogits);
    check_close(memory.read(losses), expected[0]);
    check_close(memory.read(p), expected[1]);
    check_close(memory.read(dlogits), gradient);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("squared_error and its backward on the caller's buffers are the ops", "[eager]") {
  const Shape sample{2, 3, 4}, images = sample.with_outer(batch);
  const Values outputs = integers({sample}, batch, 9, 1), targets = integers({sample}, batch, 9, 2);
  const std::vector<TensorSpec> specs{{sample}, {sample}};
  const Values loss = expected_of(std::make_shared<ops::SquaredError>(), specs, {outputs, targets}, batch)[0];
  const Values gradient =
      expected_of(std::make_shared<ops::SquaredErrorBackward>(), specs, {outputs, targets}, batch)[0];
  on_every_isa([&](Guard guard, Lie lie) {
    UserMemory memory(guard, lie);
    const TensorView losses = memory.output({batch}), doutputs = memory.output(images);
    squared_error(memory.input(images, outputs), memory.input(images, targets), losses);
    squared_error_backward(memory.input(images, outputs), memory.input(images, targets), doutputs);
    check_close(memory.read(losses), loss);
    check_close(memory.read(doutputs), gradient);
    REQUIRE(memory.gaps_written() == 0);
  });
}

TEST_CASE("losses refuse what does not fit, and labels outside the classes", "[eager]") {
  std::vector<float> memory(60);
  std::vector<std::int32_t> truth{0, 1, 5};
  const ConstTensorView logits(memory.data(), shape);
  const TensorView losses(memory.data() + 20, {batch}), dlogits(memory.data() + 40, shape);
  const LabelView all(truth.data(), {batch});
  CHECK_THROWS_WITH(softmax_cross_entropy(logits, all, losses),
                    contains("softmax_cross_entropy: labels[2] is 5; expected a class from 0 to 4"));
  truth[2] = -1;
  CHECK_THROWS_WITH(softmax_cross_entropy_backward(logits, all, dlogits), contains("labels[2] is -1"));
  CHECK_THROWS_WITH(softmax_cross_entropy(logits, LabelView(truth.data(), {2}), losses),
                    contains("labels is 2; expected 3"));
  CHECK_THROWS_WITH(softmax_cross_entropy(logits, {}, losses), contains("labels is left out"));
  CHECK_THROWS_WITH(softmax_cross_entropy({memory.data(), {3, 1, 5}}, all, losses),
                    contains("logits is 3x1x5; expected batch x classes"));
  CHECK_THROWS_WITH(softmax_target_cross_entropy(logits, {memory.data(), {3, 4}}, losses),
                    contains("targets is 3x4; expected 3x5"));
  CHECK_THROWS_WITH(squared_error(logits, logits, {memory.data() + 20, {2}}), contains("losses is 2; expected 3"));
  CHECK_THROWS_WITH(squared_error({memory.data(), Shape{}}, logits, losses), contains("expected a batch"));
}
