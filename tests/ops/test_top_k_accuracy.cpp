#include <cmath>

#include "ops/classification.hpp"
#include "ops/targets.hpp"
#include "ops/top_k_accuracy.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

namespace {

const TensorSpec scores{{5}};
const TensorSpec labels{{}, ops::Storage::batched, ops::Element::i32};

std::shared_ptr<const ops::Op> top(std::int64_t k) {
  return std::make_shared<ops::TopKAccuracy>(k);
}

/// 1 at each label.
Values one_hot(const Values& of) {
  Values targets(of.size() * 5);
  for (std::size_t i = 0; i < of.size(); ++i) targets[i * 5 + static_cast<std::size_t>(of[i])] = 1;
  return targets;
}

}  // namespace

TEST_CASE("top-k accuracy counts the labels among the k largest outputs", "[ops]") {
  const Values outputs{5, 4, 3, 2, 1, /**/ 5, 4, 3, 2, 1, /**/ -1, -2, 7, 7, 7, /**/ 0, 0, 0, 0, 0};
  const Values some_labels{0, 2, 3, 4};
  const Values expected[] = {{1, 0, 0, 0}, {1, 0, 1, 0}, {1, 1, 1, 0}, {1, 1, 1, 0}, {1, 1, 1, 1}};
  for (const ops::Kernels& kernels : all_float_kernels())
    for (std::int64_t k = 1; k <= 5; ++k) {
      INFO("isa " << kernels.isa() << ", k " << k);
      const RunSettings settings{kernels, 4, 3};
      CHECK(run_op(top(k), {scores, labels}, {outputs, some_labels}, settings)[0] == expected[k - 1]);
      CHECK(run_op(top(k), {scores, scores}, {outputs, one_hot(some_labels)}, settings)[0] == expected[k - 1]);
    }
}

TEST_CASE("NaN is never among the largest outputs", "[ops]") {
  const Values outputs{NAN, 1, 2, 3, 4, /**/ NAN, 1, 2, 3, 4};
  CHECK(run_op(top(4), {scores, labels}, {outputs, {0, 1}}, {all_float_kernels().front(), 2})[0] == Values{0, 1});
}

TEST_CASE("top-k accuracy of impossible inputs is refused", "[ops]") {
  plan::Graph graph;
  const plan::ValueId outputs = graph.add_input("outputs", scores), image = graph.add_input("image", {{5, 1}}),
                      truth = graph.add_input("labels", labels), other = graph.add_input("other", {{4}});
  CHECK_THROWS_AS(graph.emit(top(0), {outputs, truth}), ArgumentError);
  CHECK_THROWS_WITH(graph.emit(top(6), {outputs, truth}),
                    "top_k_accuracy: k must be from 1 to the number of classes, 5; found 6");
  CHECK_THROWS_AS(graph.emit(top(1), {image, truth}), ShapeError);
  CHECK_THROWS_AS(graph.emit(top(1), {outputs, other}), ShapeError);
  CHECK_THROWS_AS(graph.emit(top(1), {outputs}), ShapeError);
}
