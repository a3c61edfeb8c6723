#include <algorithm>

#include "ops/classification.hpp"
#include "ops/op_cases.hpp"
#include "ops/score_cases.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

OpCase draw_softmax(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::Softmax>(), {c.scores}, {c.logits(pick)}, c.batch, {}, {}, {0}};
}
OpCase draw_softmax_backward(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::SoftmaxBackward>(),
          {c.scores, c.scores},
          {pick.values(c.scores, c.batch), c.probabilities(pick)},
          c.batch};
}
OpCase draw_cross_entropy(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::CrossEntropy>(),
          {c.scores, c.labels_spec()},
          {c.probabilities(pick), c.labels(pick)},
          c.batch,
          {},
          {},
          {0}};
}
OpCase draw_cross_entropy_backward(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::CrossEntropyBackward>(),
          {c.scores, c.labels_spec()},
          {c.probabilities(pick), c.labels(pick)},
          c.batch};
}
OpCase draw_softmax_cross_entropy(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::SoftmaxCrossEntropy>(),
          {c.scores, c.labels_spec()},
          {c.logits(pick), c.labels(pick)},
          c.batch,
          {},
          {},
          {0}};
}
OpCase draw_softmax_cross_entropy_backward(Pick& pick) {
  const ScoreCase c(pick);
  return {std::make_shared<ops::SoftmaxCrossEntropyBackward>(),
          {c.scores, c.labels_spec()},
          {c.probabilities(pick), c.labels(pick)},
          c.batch};
}

}  // namespace

std::vector<DrawnOp> classification_ops() {
  return {{"softmax", draw_softmax},
          {"softmax_backward", draw_softmax_backward},
          {"cross_entropy", draw_cross_entropy},
          {"cross_entropy_backward", draw_cross_entropy_backward},
          {"softmax_cross_entropy", draw_softmax_cross_entropy},
          {"softmax_cross_entropy_backward", draw_softmax_cross_entropy_backward}};
}

}  // namespace tilewise::test
