#include <cmath>

#include "ops/op_cases.hpp"
#include "ops/score_cases.hpp"
#include "ops/targets.hpp"
#include "ops/top_k_accuracy.hpp"

namespace tilewise::test {

namespace {

using ops::TensorSpec;

/// Whole numbers stay exact where the classes are a power of two.
ScoreCase dividable_scores(Pick& pick) {
  ScoreCase c(pick);
  if (pick.whole()) c.scores.shape = {std::int64_t{1} << pick(0, 6)};
  return c;
}

OpCase draw_one_hot(Pick& pick) {
  const ScoreCase c = dividable_scores(pick);
  const double smoothing = static_cast<double>(pick(0, 4)) / 4;
  const auto definition = [=](const Inputs& in) {
    Values targets(c.samples() * c.classes(), smoothing / static_cast<double>(c.classes()));
    for (std::size_t i = 0; i < c.samples(); ++i) targets[i * c.classes() + c.label(in[0], i)] += 1 - smoothing;
    return Inputs{targets};
  };
  return {std::make_shared<ops::OneHot>(c.scores.shape[0], smoothing),
          {c.labels_spec()},
          {c.labels(pick)},
          c.batch,
          definition};
}

OpCase draw_smooth_targets(Pick& pick) {
  const ScoreCase c = dividable_scores(pick);
  const double smoothing = static_cast<double>(pick(0, 4)) / 4, share = smoothing / static_cast<double>(c.classes());
  return {std::make_shared<ops::SmoothTargets>(smoothing),
          {c.scores},
          {pick.values(c.scores, c.batch)},
          c.batch,
          by_element([=](const Inputs& in, std::size_t i) { return in[0][i] * (1 - smoothing) + share; })};
}

/// A loss of scores against targets, or its backward op.
OpCase of_targets(const ScoreCase& c, std::shared_ptr<const ops::Op> op, Values scores, Values targets) {
  OpCase made{std::move(op), {c.scores, c.scores}, {std::move(scores), std::move(targets)}, c.batch};
  if (made.op->is_loss()) made.differentiable = {0};
  // A sum over classes.
  made.tolerance = 1e-5;
  return made;
}
OpCase draw_target_cross_entropy(Pick& pick) {
  const ScoreCase c(pick);
  return of_targets(c, std::make_shared<ops::TargetCrossEntropy>(), c.probabilities(pick), c.targets(pick));
}
OpCase draw_target_cross_entropy_backward(Pick& pick) {
  const ScoreCase c(pick);
  return of_targets(c, std::make_shared<ops::TargetCrossEntropyBackward>(), c.probabilities(pick), c.targets(pick));
}
OpCase draw_softmax_target_cross_entropy(Pick& pick) {
  const ScoreCase c(pick);
  return of_targets(c, std::make_shared<ops::SoftmaxTargetCrossEntropy>(), c.logits(pick), c.targets(pick));
}
OpCase draw_softmax_target_cross_entropy_backward(Pick& pick) {
  const ScoreCase c(pick);
  return of_targets(c, std::make_shared<ops::SoftmaxTargetCrossEntropyBackward>(), c.probabilities(pick),
                    c.targets(pick));
}

/// Any shape; if whole, of a power of two of elements.
struct ErrorCase {
  TensorSpec spec;
  std::int64_t batch;

  explicit ErrorCase(Pick& pick) : spec{pick.shape()}, batch(pick.places(5)) {
    if (pick.whole()) spec.shape = {std::int64_t{1} << pick(0, 3), std::int64_t{1} << pick(0, 6)};
  }
  std::size_t elements() const { return static_cast<std::size_t>(spec.shape.elements()); }
};

OpCase draw_squared_error(Pick& pick) {
  const ErrorCase c(pick);
  OpCase made{std::make_shared<ops::SquaredError>(),
              {c.spec, c.spec},
              {pick.values(c.spec, c.batch), pick.values(c.spec, c.batch)},
              c.batch};
  made.definition = [c](const Inputs& in) {
    Values loss(in[0].size() / c.elements(), 0.0);
    for (std::size_t i = 0; i < in[0].size(); ++i)
      loss[i / c.elements()] += (in[0][i] - in[1][i]) * (in[0][i] - in[1][i]) / static_cast<double>(c.elements());
    return Inputs{loss};
  };
  made.differentiable = {0};
  // Nothing cancels: the bound of a sum, of differences that are rounded themselves.
  made.tolerance = (8 + 2 * std::sqrt(static_cast<double>(c.elements()))) * 0x1p-24;
  return made;
}

OpCase draw_squared_error_backward(Pick& pick) {
  ErrorCase c(pick);
  if (pick.whole()) c.batch = std::int64_t{1} << pick(0, 4);
  OpCase made{std::make_shared<ops::SquaredErrorBackward>(),
              {c.spec, c.spec},
              {pick.values(c.spec, c.batch), pick.values(c.spec, c.batch)},
              c.batch};
  made.definition = by_element([c](const Inputs& in, std::size_t i) {
    return 2 * (in[0][i] - in[1][i]) / static_cast<double>(c.elements()) / static_cast<double>(c.batch);
  });
  return made;
}

OpCase draw_top_k_accuracy(Pick& pick) {
  const ScoreCase c(pick);
  const bool by_label = pick.flag();
  const std::int64_t k = pick(1, c.scores.shape[0]);
  const auto definition = [=](const Inputs& in) {
    Values right;
    for (std::size_t i = 0; i < c.samples(); ++i)
      right.push_back(c.rank(in[0], i, by_label ? c.label(in[1], i) : c.largest(in[1], i)) <
                      static_cast<std::size_t>(k));
    return Inputs{right};
  };
  return {std::make_shared<ops::TopKAccuracy>(k),
          {c.scores, by_label ? c.labels_spec() : c.scores},
          {pick.values(c.scores, c.batch), by_label ? c.labels(pick) : pick.values(c.scores, c.batch)},
          c.batch,
          definition};
}

}  // namespace

std::vector<DrawnOp> target_ops() {
  return {{"one_hot", draw_one_hot},
          {"smooth_targets", draw_smooth_targets},
          {"target_cross_entropy", draw_target_cross_entropy},
          {"target_cross_entropy_backward", draw_target_cross_entropy_backward},
          {"softmax_target_cross_entropy", draw_softmax_target_cross_entropy},
          {"softmax_target_cross_entropy_backward", draw_softmax_target_cross_entropy_backward},
          {"squared_error", draw_squared_error},
          {"squared_error_backward", draw_squared_error_backward},
          {"top_k_accuracy", draw_top_k_accuracy}};
}

}  // namespace tilewise::test
