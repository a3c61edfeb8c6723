#include <cmath>

#include "ops/clipping.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

const TensorSpec factor{{1}, Storage::plain};
/// Several slots of rows and blocks, a last block that is not full, and less than a vector.
const std::vector<TensorSpec> specs{
    {{3, 3, 70, 37}, Storage::packed}, {{5}, Storage::packed}, {{300, 3}, Storage::packed}};

std::vector<Values> small_integers() {
  std::vector<Values> all;
  for (const TensorSpec& spec : specs) all.push_back(integers(spec, 1, 2, all.size() + 1));
  return all;
}

double squares(const Values& values) {
  return dot(values, values);
}

double rounded(double value, const ops::Kernels& kernels) {
  return kernels.scalar() == ops::Scalar::f64 ? value : static_cast<double>(static_cast<float>(value));
}

std::vector<Values> norm_scales(double limit, bool global, const std::vector<Values>& values,
                                const RunSettings& settings) {
  return run_op(std::make_shared<ops::NormScales>(limit, global), specs, values, settings);
}

}  // namespace

TEST_CASE("clip keeps each element within its limits", "[ops]") {
  for (const ops::Kernels& kernels : all_float_kernels())
    for (const int threads : {1, 3}) {
      INFO("isa " << kernels.isa() << ", threads " << threads);
      Values x = integers(specs[0], 1, 4, 7), expected = x;
      for (double& value : expected) value = std::min(2.0, std::max(-2.0, value));
      x[5] = expected[5] = NAN;
      const Values found = run_op(std::make_shared<ops::Clip>(2), {specs[0]}, {x}, {kernels, 1, threads})[0];
      CHECK(std::isnan(found[5]));
      x[5] = 0;
      expected[5] = 0;
      CHECK(run_op(std::make_shared<ops::Clip>(2), {specs[0]}, {x}, {kernels, 1, threads})[0] == expected);
    }
}

TEST_CASE("scale multiplies packed and batched tensors", "[ops]") {
  for (const ops::Kernels& kernels : all_float_kernels())
    for (const TensorSpec& spec : {specs[0], TensorSpec{{5, 3}}}) {
      INFO("isa " << kernels.isa());
      const Values x = integers(spec, 4, 9, 3);
      Values expected = x;
      for (double& value : expected) value *= -0.5;
      CHECK(run_op(std::make_shared<ops::Scale>(), {spec, factor}, {x, {-0.5}}, {kernels, 4, 3})[0] == expected);
    }
}

TEST_CASE("the scale of a norm is exact where the squares are", "[ops]") {
  const std::vector<Values> values = small_integers();
  const double sums[] = {squares(values[0]), squares(values[1]), squares(values[2])};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    INFO("isa " << kernels.isa());
    const double limit = 2.5;
    const auto scale = [&](double sum) { return Values{rounded(limit / std::max(std::sqrt(sum), limit), kernels)}; };
    CHECK(norm_scales(limit, false, values, {kernels, 1, 2}) ==
          std::vector<Values>{scale(sums[0]), scale(sums[1]), scale(sums[2])});
    CHECK(norm_scales(limit, true, values, {kernels, 1, 2}) == std::vector<Values>{scale(sums[0] + sums[1] + sums[2])});
    CHECK(norm_scales(1e6, true, values, {kernels, 1, 2}) == std::vector<Values>{{1}});
  }
}

TEST_CASE("the scale of a norm has the same bits for any number of threads, and on every ISA with FMA", "[ops]") {
  std::vector<Values> values;
  for (const TensorSpec& spec : specs) values.push_back(reals(spec, 1, values.size()));
  std::vector<Values> of_fma;
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto expected = norm_scales(0.25, false, values, {kernels, 1, 1});
    for (const int threads : {2, 3, 4, 7, 16}) {
      INFO("isa " << kernels.isa() << ", threads " << threads);
      CHECK(norm_scales(0.25, false, values, {kernels, 1, threads}) == expected);
    }
    if (kernels.scalar() == ops::Scalar::f64 || kernels.isa() == "sse2") continue;
    if (of_fma.empty()) of_fma = expected;
    INFO("isa " << kernels.isa());
    CHECK(expected == of_fma);
  }
}

TEST_CASE("a norm that is not finite gives NaN, one of zero gives 1", "[ops]") {
  for (const ops::Kernels& kernels : all_float_kernels()) {
    INFO("isa " << kernels.isa());
    for (const double bad : {double(NAN), double(INFINITY), -double(INFINITY)}) {
      std::vector<Values> values = small_integers();
      values[1][4] = bad;
      const auto separate = norm_scales(1, false, values, {kernels, 1, 1});
      CHECK_FALSE(std::isnan(separate[0][0]));
      CHECK(std::isnan(separate[1][0]));
      CHECK(std::isnan(norm_scales(1, true, values, {kernels, 1, 1})[0][0]));
    }
    const std::vector<Values> zeros{Values(small_integers()[0].size()), Values(5), Values(900)};
    CHECK(norm_scales(1, true, zeros, {kernels, 1, 1})[0][0] == 1);
  }
}

TEST_CASE("clipping of other tensors than it takes is refused", "[ops]") {
  plan::Graph graph;
  const plan::ValueId batch = graph.add_input("batch", {{3}}), p = graph.add_parameter("p", {3}, 0),
                      labels = graph.add_input("labels", {{}, Storage::batched, ops::Element::i32});
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::NormScales>(1, true), {}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::NormScales>(1, true), {p, batch}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::Scale>(), {p, p}), ShapeError);
  CHECK_THROWS_AS(graph.emit(std::make_shared<ops::Clip>(1), {labels}), ShapeError);
}
