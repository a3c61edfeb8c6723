#include "ops/dropout.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Element;
using ops::Storage;
using ops::TensorSpec;

namespace {

const TensorSpec step_spec{{1}, Storage::plain, Element::i32};

/// The mask that a dropout draws for these keys.
Values mask(double rate, std::uint64_t seed, std::uint32_t call, int step, int threads = 1) {
  const TensorSpec spec{{5, 40}};
  return run_op(std::make_shared<ops::Dropout>(rate, seed, call), {spec, step_spec},
                {integers(spec, 30, 3, 1), Values{double(step)}}, {ops::Kernels(ops::Scalar::f64), 30, threads})[1];
}

double mean(const Values& values) {
  return dot(values, Values(values.size(), 1.0)) / static_cast<double>(values.size());
}

}  // namespace

TEST_CASE("dropout scales what it keeps and zeroes the rest, on every ISA and number of threads", "[ops]") {
  const TensorSpec spec{{3, 7, 5}};
  const Values x = integers(spec, 9, 8, 1), dy = integers(spec, 9, 8, 2);
  const auto dropout = std::make_shared<ops::Dropout>(0.75, 3, 1);
  const Values kept = run_op(dropout, {spec, step_spec}, {x, {5}}, {ops::Kernels(ops::Scalar::f64), 9})[1];
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int threads : {1, 2, 3, 16}) {
      const RunSettings settings{kernels, 9, threads};
      const auto results = run_op(dropout, {spec, step_spec}, {x, {5}}, settings);
      REQUIRE(results[1] == kept);
      TensorSpec mask_spec = spec;
      mask_spec.element = Element::u8;
      const Values dx =
          run_op(std::make_shared<ops::DropoutBackward>(0.75), {spec, mask_spec}, {dy, kept}, settings)[0];
      for (std::size_t i = 0; i < x.size(); ++i) {
        REQUIRE(results[0][i] == 4 * x[i] * kept[i]);
        REQUIRE(dx[i] == 4 * dy[i] * kept[i]);
      }
    }
}

TEST_CASE("what dropout keeps follows its rate, and hangs on seed, call and step only", "[ops]") {
  CHECK(mean(mask(0, 1, 1, 1)) == 1);
  CHECK(mean(mask(0.5, 1, 1, 1)) == Approx(0.5).margin(0.03));
  CHECK(mean(mask(0.1, 1, 1, 1)) == Approx(0.9).margin(0.02));
  const Values first = mask(0.5, 1, 1, 1);
  CHECK(mask(0.5, 1, 1, 1, 7) == first);
  CHECK(mask(0.5, 2, 1, 1) != first);
  CHECK(mask(0.5, 1, 2, 1) != first);
  CHECK(mask(0.5, 1, 1, 2) != first);
}

TEST_CASE("dropout refuses a rate that is none", "[ops]") {
  for (double rate : {-0.1, 1.0, double(NAN)})
    CHECK_THROWS_AS(ops::Dropout(rate, 1, 1).infer({{{4}}, step_spec}), ArgumentError);
  CHECK_THROWS_AS(ops::Dropout(0.5, 1, 1).infer({{{4}}, {{2}, Storage::plain, Element::i32}}), ShapeError);
}
