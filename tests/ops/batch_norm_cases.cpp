#include <cmath>

#include "ops/batch_norm.hpp"
#include "ops/op_cases.hpp"

namespace tilewise::test {

namespace {

/// Whole numbers: with an epsilon of 1 the deviations are 2 or 4, by which multiples of 4 divide exactly.
Values variances(Pick& pick, const ops::TensorSpec& channels) {
  if (!pick.whole()) return pick.between(channels, 1, 0.25, 2);
  Values values = pick.values(channels);
  for (double& value : values) value = value > 0 ? 15 : 3;
  return values;
}
double epsilon(const Pick& pick) {
  return pick.whole() ? 1 : 1e-3;
}
Values times_four(Pick& pick, Values values) {
  if (pick.whole())
    for (double& value : values) value *= 4;
  return values;
}

/// x, and gamma and beta, each of which may be absent.
struct Normalized {
  ops::TensorSpec x, channels, gamma, beta;
  std::int64_t batch;

  explicit Normalized(Pick& pick) : x{pick.shape()}, channels(packed({x.shape[x.shape.rank() - 1]})) {
    batch = pick.places(5) + 1;
    if (pick.flag()) gamma = channels;
    if (pick.flag()) beta = channels;
  }
  std::vector<std::size_t> given() const {
    std::vector<std::size_t> inputs{0};
    if (!ops::is_absent(gamma)) inputs.push_back(1);
    if (!ops::is_absent(beta)) inputs.push_back(2);
    return inputs;
  }
};

OpCase draw_batch_norm(Pick& pick) {
  const Normalized n(pick);
  OpCase made{std::make_shared<ops::BatchNorm>(1e-3),
              {n.x, n.gamma, n.beta},
              {pick.values(n.x, n.batch), pick.values(n.channels), pick.values(n.channels)},
              n.batch,
              {},
              {},
              n.given()};
  // Of few numbers that happen to be alike the deviation is small, and divides by it.
  made.tolerance = 2e-5;
  return made;
}

OpCase draw_batch_norm_backward(Pick& pick) {
  const Normalized n(pick);
  OpCase made{std::make_shared<ops::BatchNormBackward>(1e-3),
              {n.x, n.x, n.gamma, n.channels, n.channels},
              {pick.values(n.x, n.batch), pick.values(n.x, n.batch), pick.values(n.channels), pick.values(n.channels),
               pick.between(n.channels, 1, 0.25, 2)},
              n.batch};
  made.tolerance = 5e-5;
  return made;
}

OpCase draw_batch_norm_inference(Pick& pick) {
  const Normalized n(pick);
  const double added = epsilon(pick);
  const auto count = static_cast<std::size_t>(n.channels.shape[0]);
  const bool has_gamma = !ops::is_absent(n.gamma), has_beta = !ops::is_absent(n.beta);
  OpCase made{std::make_shared<ops::BatchNormInference>(added),
              {n.x, n.gamma, n.beta, n.channels, n.channels},
              {pick.values(n.x, n.batch), times_four(pick, pick.values(n.channels)), pick.values(n.channels),
               pick.values(n.channels), variances(pick, n.channels)},
              n.batch,
              by_element([=](const Inputs& in, std::size_t i) {
                const std::size_t k = i % count;
                return (in[0][i] - in[3][k]) * (has_gamma ? in[1][k] : 1) / std::sqrt(in[4][k] + added) +
                       (has_beta ? in[2][k] : 0);
              })};
  return made;
}

OpCase draw_fold_batch_norm(Pick& pick) {
  const double added = epsilon(pick);
  const std::int64_t groups = pick(1, 3), out = groups * pick.channels(20);
  const Shape shape = pick.flag() ? Shape{pick.size(3), pick.size(3), pick.size(5), out} : Shape{pick.size(30), out};
  const ops::TensorSpec kernel = packed(shape, groups), bias = packed({out}, groups), norm = packed({out});
  const bool has_bias = pick.flag();
  const auto count = static_cast<std::size_t>(out);
  return {std::make_shared<ops::FoldBatchNorm>(added),
          {kernel, has_bias ? bias : ops::TensorSpec{}, norm, norm, norm, norm},
          {pick.values(kernel), pick.values(bias), times_four(pick, pick.values(norm)), pick.values(norm),
           pick.values(norm), variances(pick, norm)},
          1,
          [=](const Inputs& in) {
            Values folded = in[0], shift(count);
            const auto scale = [&](std::size_t k) { return in[2][k] / std::sqrt(in[5][k] + added); };
            for (std::size_t i = 0; i < folded.size(); ++i) folded[i] *= scale(i % count);
            for (std::size_t k = 0; k < count; ++k)
              shift[k] = ((has_bias ? in[1][k] : 0) - in[4][k]) * scale(k) + in[3][k];
            return Inputs{folded, shift};
          }};
}

OpCase draw_moving_average(Pick& pick) {
  const ops::TensorSpec channels = packed({pick.channels(80)});
  const double momentum = static_cast<double>(pick(0, 8)) / 8;
  return {std::make_shared<ops::MovingAverage>(momentum),
          {channels, channels},
          {pick.values(channels), pick.values(channels)},
          1,
          by_element([=](const Inputs& in, std::size_t i) { return momentum * in[0][i] + (1 - momentum) * in[1][i]; })};
}

}  // namespace

std::vector<DrawnOp> batch_norm_ops() {
  return {{"batch_norm", draw_batch_norm},
          {"batch_norm_backward", draw_batch_norm_backward},
          {"batch_norm_inference", draw_batch_norm_inference},
          {"fold_batch_norm", draw_fold_batch_norm},
          {"moving_average", draw_moving_average}};
}

}  // namespace tilewise::test
