#include <cmath>

#include "ops/classification.hpp"
#include "ops/top_k_accuracy.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

namespace {

const TensorSpec scores{{5}};
const TensorSpec labels{{}, ops::Storage::batched, ops::Element::i32};
const Values some_labels{0, 4, 2};

}  // namespace

TEST_CASE("softmax and cross-entropy are stable for any finite logits", "[ops]") {
  const Values logits{3e38, -3e38, 0, 1, 2, -3e38, -3e38, -3e38, -3e38, -3e38, 100, 200, 300, 400, 500};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto results =
        run_op(std::make_shared<ops::SoftmaxCrossEntropy>(), {scores, labels}, {logits, some_labels}, {kernels, 3});
    CHECK(results[0][0] == 0);
    CHECK(results[0][1] == Approx(std::log(5.0)));
    CHECK(results[0][2] == Approx(200));
    CHECK(results[1][0] == 1);
    CHECK(results[1][5] == Approx(0.2));
  }
}

TEST_CASE("accuracy counts the first of the largest scores", "[ops]") {
  const Values tied{1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3, 3, 0, 0};
  for (const ops::Kernels& kernels : all_float_kernels())
    CHECK(run_op(std::make_shared<ops::TopKAccuracy>(1), {scores, labels}, {tied, some_labels}, {kernels, 3})[0] ==
          Values{1, 1, 0});
}
