#include <algorithm>

#include "ops/clipping.hpp"
#include "ops/dropout.hpp"
#include "ops/elementwise.hpp"
#include "ops/op_cases.hpp"

namespace tilewise::test {

namespace {

using ops::Element;
using ops::Storage;

/// Batched, or packed, as a gradient of a parameter is.
ops::TensorSpec any_tensor(Pick& pick) {
  if (pick.flag()) return {pick.shape()};
  const std::int64_t groups = pick(1, 2);
  return packed({pick.size(3), pick.size(9), groups * pick.channels(20)}, groups);
}
std::int64_t any_batch(Pick& pick, const ops::TensorSpec& spec) {
  return spec.storage == Storage::batched ? pick.places(5) : 1;
}

OpCase draw_add(Pick& pick) {
  const ops::TensorSpec spec = any_tensor(pick);
  const std::int64_t batch = any_batch(pick, spec);
  return {std::make_shared<ops::Add>(),
          {spec, spec},
          {pick.values(spec, batch), pick.values(spec, batch)},
          batch,
          by_element([](const Inputs& in, std::size_t i) { return in[0][i] + in[1][i]; }),
          {0, 1},
          {0, 1}};
}

OpCase draw_clip(Pick& pick) {
  const ops::TensorSpec spec = any_tensor(pick);
  const std::int64_t batch = any_batch(pick, spec);
  const double limit = static_cast<double>(pick(1, 8)) / 4;
  return {std::make_shared<ops::Clip>(limit),
          {spec},
          {pick.values(spec, batch)},
          batch,
          by_element([=](const Inputs& in, std::size_t i) { return std::clamp(in[0][i], -limit, limit); })};
}

OpCase draw_scale(Pick& pick) {
  const ops::TensorSpec spec = any_tensor(pick), factor{{1}, Storage::plain};
  const std::int64_t batch = any_batch(pick, spec);
  return {std::make_shared<ops::Scale>(),
          {spec, factor},
          {pick.values(spec, batch), pick.values(factor)},
          batch,
          by_element([](const Inputs& in, std::size_t i) { return in[0][i] * in[1][0]; })};
}

/// Rates that make the kept ones whole, or any.
double rate(Pick& pick) {
  return pick.whole() ? 1 - 1 / static_cast<double>(1 << pick(0, 3)) : static_cast<double>(pick(0, 9)) / 10;
}

/// Its mask hangs on seed, call, step, sample and element: the op itself is asked for it, and its share is a test of
/// its own.
OpCase draw_dropout(Pick& pick) {
  const ops::TensorSpec spec{pick.shape()}, step{{1}, Storage::plain, Element::i32};
  const std::int64_t batch = pick.places(5);
  const double dropped = rate(pick);
  const auto op = std::make_shared<ops::Dropout>(dropped, static_cast<std::uint64_t>(pick(0, 99)),
                                                 static_cast<std::uint32_t>(pick(0, 9)));
  const auto definition = [=](const Inputs& in) {
    const Values kept =
        run_op(op, {spec, step}, {Values(in[0].size(), 0.0), in[1]}, {ops::Kernels(ops::Scalar::f64), batch})[1];
    Values y = in[0];
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= kept[i] / (1 - dropped);
    return Inputs{y, kept};
  };
  return {op,  {spec, step}, {pick.values(spec, batch), {static_cast<double>(pick(0, 99))}}, batch, definition,
          {0}, {0}};
}

OpCase draw_dropout_backward(Pick& pick) {
  const ops::TensorSpec spec{pick.shape()};
  const std::int64_t batch = pick.places(5);
  const double dropped = rate(pick);
  Values mask = pick.between(spec, batch, 0, 1);
  for (double& kept : mask) kept = kept >= dropped ? 1 : 0;
  return {std::make_shared<ops::DropoutBackward>(dropped),
          {spec, of_element(spec, Element::u8)},
          {pick.values(spec, batch), mask},
          batch,
          by_element([=](const Inputs& in, std::size_t i) { return in[0][i] * in[1][i] / (1 - dropped); })};
}

}  // namespace

std::vector<DrawnOp> elementwise_ops() {
  return {{"add", draw_add},
          {"clip", draw_clip},
          {"scale", draw_scale},
          {"dropout", draw_dropout},
          {"dropout_backward", draw_dropout_backward}};
}

}  // namespace tilewise::test
