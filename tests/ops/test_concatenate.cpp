#include "ops/concatenate.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using ops::TensorSpec;

TEST_CASE("concatenate and slice refuse what does not fit", "[ops]") {
  const ops::Concatenate concatenate;
  CHECK_THROWS_AS(concatenate.infer({}), ShapeError);
  CHECK_THROWS_AS(concatenate.infer({{{2, 3, 4}}, {{2, 2, 4}}}), ShapeError);
  CHECK_THROWS_AS(concatenate.infer({{{2, 3, 4}}, {{3, 4}}}), ShapeError);
  CHECK_THROWS_AS(concatenate.infer({TensorSpec{{}}}), ShapeError);
  CHECK_THROWS_WITH(concatenate.infer({{{2, 3, 4}}, {{2, 2, 4}}}), contains("2x3x4") && contains("2x2x4"));
  CHECK_THROWS_AS(ops::Slice(3, 2).infer({{{2, 4}}}), ShapeError);
  CHECK_THROWS_AS(ops::Slice(-1, 2).infer({{{2, 4}}}), ShapeError);
  CHECK_THROWS_AS(ops::Slice(1, INT64_MAX).infer({{{2, 4}}}), ShapeError);
}
