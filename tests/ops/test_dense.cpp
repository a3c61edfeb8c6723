#include "ops/dense.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

TEST_CASE("dense takes an empty batch", "[ops]") {
  const TensorSpec x{{4}}, kernel{{4, 3}, Storage::packed};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    CHECK(
        run_op(std::make_shared<ops::Dense>(), {x, kernel, {}}, {{}, Values(12, 1.0), {}}, {kernels, 0, 2})[0].empty());
    const auto gradients =
        run_op(std::make_shared<ops::DenseBackward>(), {{{3}}, x, kernel}, {{}, {}, Values(12, 1.0)}, {kernels, 0, 2});
    CHECK(gradients[1] == Values(12, 0.0));
    CHECK(gradients[2] == Values(3, 0.0));
  }
}

TEST_CASE("dense refuses what does not fit", "[ops]") {
  CHECK_THROWS_AS(ops::Dense().infer({{{4, 4, 1}}, {{16, 2}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(ops::Dense().infer({{{15}}, {{16, 2}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(ops::Dense().infer({{{16}}, {{16, 2}, Storage::packed}, {{3}, Storage::packed}}), ShapeError);
}
