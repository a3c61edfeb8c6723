#include <vector>

#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/view.hpp"

using namespace tilewise;

TEST_CASE("a layout knows whether it is dense, how far it reaches, and whether elements overlap", "[base]") {
  const Layout dense(Shape{2, 3, 4});
  CHECK(dense.is_dense());
  CHECK(dense.is_nested());
  CHECK(dense.span() == 24);
  CHECK(dense.stride(0) == 12);
  CHECK(dense.to_string() == "2x3x4");

  const Layout crop({2, 3, 4}, {100, 10, 1});
  CHECK(!crop.is_dense());
  CHECK(crop.is_nested());
  CHECK(crop.span() == 100 + 20 + 3 + 1);
  CHECK(crop.to_string() == "2x3x4 with strides 100, 10, 1");

  CHECK(Layout({2, 3}, {1, 2}).is_nested());   // transposed
  CHECK(Layout({1, 3}, {77, 1}).is_dense());   // the stride of one row does not count
  CHECK(!Layout({3, 3}, {1, 1}).is_nested());  // windows
  CHECK(!Layout({3, 3}, {2, 1}).is_nested());  // rows that overlap by one
  CHECK(Layout({3, 3}, {3, 1}).is_nested());   // rows that touch
  CHECK(!Layout({2, 2}, {1, 1}).is_nested());
  CHECK(Layout(Shape{0, 3}).span() == 0);
  CHECK(Layout({0, 3}, {1, 1}).is_dense());
  CHECK(Layout({0, 3}, {1, 1}).is_nested());
  CHECK(Layout(Shape{}).span() == 1);
  CHECK(Layout().is_dense());
}

TEST_CASE("layouts and views that cannot be are refused", "[base]") {
  CHECK_THROWS_WITH(Layout({2, 3}, {1}), contains("1 strides for a view of 2x3; expected 2"));
  CHECK_THROWS_WITH(Layout({2, 3}, {3, 0}), contains("stride 0 on axis 1"));
  CHECK_THROWS_AS(Layout({2, 3}, {-3, 1}), ShapeError);
  CHECK_THROWS_AS(Layout({2, 3}, {INT64_MAX, 1}), ShapeError);
  CHECK_THROWS_AS(Layout({3, 1}, {INT64_MAX / 2, 1}), ShapeError);
  CHECK_THROWS_AS(Layout({2, 1}, {INT64_MAX / 4, 1}), ShapeError);  // elements would fit, bytes do not
  float* nothing = nullptr;
  CHECK_THROWS_AS(TensorView(nothing, {2, 3}), ArgumentError);
  CHECK_THROWS_WITH(TensorView(nothing, {2, 3}, {4, 1}), contains("null data; expected 7 elements"));
  CHECK_NOTHROW(TensorView(nothing, {0, 3}));
}

TEST_CASE("views of const elements come from views, and a view may be none", "[base]") {
  std::vector<float> memory(12);
  const TensorView view(memory.data(), {3, 4});
  const ConstTensorView seen = view;
  CHECK(seen.data() == memory.data());
  CHECK(seen.shape() == Shape{3, 4});
  CHECK(seen.is_given());
  CHECK(!ConstTensorView(TensorView{}).is_given());
}
