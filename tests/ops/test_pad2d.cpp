#include "ops/pad2d.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;

TEST_CASE("pad2d and crop2d refuse what does not fit", "[ops]") {
  CHECK_THROWS_AS(ops::Pad2D({-1, 0, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({1, 0, 0, 0}).infer({{{4, 4}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({INT64_MAX, 0, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Pad2D({INT64_MAX - 8, 0, INT64_MAX - 8, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Crop2D({3, 2, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
  CHECK_THROWS_AS(ops::Crop2D({INT64_MAX, INT64_MAX, 0, 0}).infer({{{4, 4, 1}}}), ShapeError);
}
