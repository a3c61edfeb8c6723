#include <cmath>

#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "ops/top_k_accuracy.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Element;
using ops::Storage;
using ops::TensorSpec;

namespace {

const TensorSpec scores{{5}};
const TensorSpec labels_spec{{}, Storage::batched, Element::i32};
const Values labels{0, 4, 2};

Values one_hot(double smoothing) {
  return run_op(std::make_shared<ops::OneHot>(5, smoothing), {labels_spec}, {labels},
                {ops::Kernels(ops::Scalar::f64), 3})[0];
}

Values softmax(const Values& logits, std::int64_t batch = 3) {
  return run_op(std::make_shared<ops::Softmax>(), {scores}, {logits}, {ops::Kernels(ops::Scalar::f64), batch})[0];
}

}  // namespace

TEST_CASE("labels become targets, smoothed as targets are", "[ops]") {
  CHECK(one_hot(0) == Values{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0});
  const Values smooth = one_hot(0.5);
  CHECK(smooth[0] == Approx(0.6));
  CHECK(smooth[1] == Approx(0.1));
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int threads : {1, 3}) {
      const Values found =
          run_op(std::make_shared<ops::SmoothTargets>(0.5), {scores}, {one_hot(0)}, {kernels, 3, threads})[0];
      for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(smooth[i]));
    }
}

TEST_CASE("with one-hot targets the losses are those of labels", "[ops]") {
  const Values logits = reals(scores, 3, 4), p = softmax(logits);
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const RunSettings settings{kernels, 3, 2};
    const auto sparse =
        run_op(std::make_shared<ops::SoftmaxCrossEntropy>(), {scores, labels_spec}, {logits, labels}, settings);
    const auto target =
        run_op(std::make_shared<ops::SoftmaxTargetCrossEntropy>(), {scores, scores}, {logits, one_hot(0)}, settings);
    CHECK(target == sparse);
    CHECK(run_op(std::make_shared<ops::TargetCrossEntropy>(), {scores, scores}, {p, one_hot(0)}, settings) ==
          run_op(std::make_shared<ops::CrossEntropy>(), {scores, labels_spec}, {p, labels}, settings));
    CHECK(run_op(std::make_shared<ops::TopKAccuracy>(1), {scores, scores}, {p, one_hot(0)}, settings) ==
          run_op(std::make_shared<ops::TopKAccuracy>(1), {scores, labels_spec}, {p, labels}, settings));
  }
}

TEST_CASE("squared error is the mean over a sample's elements, also of very many", "[ops]") {
  const TensorSpec map{{2, 3}};
  const Values outputs{1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const Values loss =
        run_op(std::make_shared<ops::SquaredError>(), {map, map}, {outputs, Values(12, 1.0)}, {kernels, 2})[0];
    CHECK(loss[0] == Approx(55.0 / 6));
    CHECK(loss[1] == 1);
  }
  const TensorSpec large{{1 << 20}};
  CHECK(run_op(std::make_shared<ops::SquaredError>(), {large, large}, {Values(1 << 20, 3.0), Values(1 << 20, 0.0)},
               {all_float_kernels().back(), 1})[0] == Values{9});
}

TEST_CASE("a target of zero adds nothing, whatever its output", "[ops]") {
  for (const ops::Kernels& kernels : all_float_kernels())
    CHECK(run_op(std::make_shared<ops::TargetCrossEntropy>(), {scores, scores}, {{NAN, 1, 0, 0, 0}, {0, 1, 0, 0, 0}},
                 {kernels, 1})[0][0] == Approx(0).margin(1e-6));
}

TEST_CASE("losses against targets refuse what does not fit", "[ops]") {
  CHECK_THROWS_AS(ops::TargetCrossEntropy().infer({scores, {{4}}}), ShapeError);
  CHECK_THROWS_AS(ops::TargetCrossEntropy().infer({{{2, 2}}, {{2, 2}}}), ShapeError);
  CHECK_THROWS_AS(ops::SquaredError().infer({{{2, 2}}, {{4}}}), ShapeError);
  CHECK_THROWS_AS(ops::SquaredError().infer({{{2, 2}}}), ShapeError);
  CHECK_THROWS_AS(ops::OneHot(5, 1.5).infer({labels_spec}), ArgumentError);
  CHECK_THROWS_AS(ops::OneHot(0, 0).infer({labels_spec}), ShapeError);
  CHECK_THROWS_AS(ops::SmoothTargets(-1).infer({scores}), ArgumentError);
}
