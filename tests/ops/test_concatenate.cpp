#include "ops/concatenate.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

TEST_CASE("concatenate joins along the last extent, and slice takes the parts back", "[ops]") {
  const std::vector<std::int64_t> widths{3, 1, 5};
  const std::int64_t rows = 6, batch = 4, width = 9;
  std::vector<TensorSpec> specs;
  std::vector<Values> inputs;
  for (std::int64_t part : widths) {
    specs.push_back({{2, 3, part}});
    inputs.push_back(integers(specs.back(), batch, 9, static_cast<std::uint64_t>(part)));
  }
  Values expected;
  for (std::int64_t row = 0; row < rows * batch; ++row)
    for (std::size_t input = 0; input < widths.size(); ++input)
      for (std::int64_t k = 0; k < widths[input]; ++k)
        expected.push_back(inputs[input][static_cast<std::size_t>(row * widths[input] + k)]);
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int threads : {1, 3}) {
      const RunSettings settings{kernels, batch, threads};
      REQUIRE(run_op(std::make_shared<ops::Concatenate>(), specs, inputs, settings)[0] == expected);
      std::int64_t begin = 0;
      for (std::size_t input = 0; input < widths.size(); ++input) {
        const auto slice = std::make_shared<ops::Slice>(begin, widths[input]);
        REQUIRE(run_op(slice, {{{2, 3, width}}}, {expected}, settings)[0] == inputs[input]);
        begin += widths[input];
      }
    }
}

TEST_CASE("concatenate's gradients are its derivatives", "[ops]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto part = static_cast<std::int64_t>(seed % 4);
    const std::vector<TensorSpec> specs{{{2, part + 1}}, {{2, 4 - part}}, {{2, 2}}};
    std::vector<Values> inputs;
    for (const TensorSpec& spec : specs) inputs.push_back(reals(spec, 3, seed + inputs.size()));
    CHECK(gradient_error(std::make_shared<ops::Concatenate>(), specs, inputs, {0, 1, 2}, 3, seed) < 1e-6);
  }
}

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
