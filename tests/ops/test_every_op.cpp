#include <algorithm>
#include <cmath>
#include <string>

#include "ops/op_cases.hpp"
#include "support/catch.hpp"
#include "support/counts.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;

// The rows of the written test plan, for every op: each runs on cases that the op draws, on every ISA, between guard
// pages, its outputs NaN before.

namespace {

/// Of each op: shapes with exact data, with reals, of central differences, and for five numbers of threads each.
constexpr std::uint64_t exact_shapes = 2000, real_shapes = 500, gradient_shapes = 50, thread_shapes = 10;

/// "avx2", "reference float64".
std::string isa_id(const ops::Kernels& kernels) {
  return std::string(kernels.isa()) + (kernels.scalar() == ops::Scalar::f64 ? " float64" : "");
}

/// f(pick) for so many random cases.
template <class F>
void for_random(Numbers numbers, std::uint64_t count, std::uint64_t first, F f) {
  for (std::uint64_t number = first; number < first + scaled(count); ++number) {
    Pick pick(numbers, number);
    f(pick);
  }
}

/// f(pick) for random cases with one axis set to each of its values, one axis after the other; fewer at a short scale.
template <class F>
void for_tails(const DrawnOp& drawn, Numbers numbers, F f) {
  Pick any(numbers, 0);
  drawn.draw(any);
  const std::int64_t step = is_short_scale() ? 25 : 1;
  for (std::size_t axis = 0; axis < any.axes().size(); ++axis)
    for (std::int64_t value = 1; value <= any.axes()[axis]; value += step) {
      Pick pick(numbers, 30'000'000 + 1000 * axis + static_cast<std::uint64_t>(value));
      pick.set_axis(axis, value);
      f(pick);
    }
}

std::vector<Values> run(const OpCase& c, const ops::Kernels& kernels, int threads) {
  return run_op(c.op, c.specs, c.inputs, {kernels, c.batch, threads});
}

bool is_exact(const DrawnOp& drawn) {
  Pick pick(Numbers::whole, 0);
  return drawn.draw(pick).definition != nullptr;
}

void require_equal(const std::vector<Values>& found, const std::vector<Values>& expected) {
  REQUIRE(found.size() >= expected.size());
  for (std::size_t output = 0; output < expected.size(); ++output) {
    INFO("output " << output);
    if (found[output] != expected[output]) REQUIRE(found[output] == expected[output]);
  }
}

/// How far float results may lie from those of float64.
std::vector<Values> bounds(const OpCase& c, const std::vector<Values>& exact) {
  std::vector<Values> bounds = exact;
  for (Values& output : bounds)
    for (double& value : output) value = c.tolerance * (1 + std::abs(value));
  if (c.terms == 0) return bounds;
  Inputs absolute = c.inputs;
  for (std::size_t input = 0; input < absolute.size(); ++input)
    if (c.specs[input].element == ops::Element::scalar)
      for (double& value : absolute[input]) value = std::abs(value);
  const std::vector<Values> sums = c.definition(absolute);
  const double relative = (4 + 2 * std::sqrt(static_cast<double>(c.terms))) * 0x1p-24;
  for (std::size_t output = 0; output < sums.size(); ++output)
    for (std::size_t i = 0; i < sums[output].size(); ++i) bounds[output][i] = relative * std::abs(sums[output][i]);
  return bounds;
}

/// Of the scalar outputs: an index may be another one where rounding makes two numbers equal.
void require_near(const OpCase& c, const std::vector<Values>& found, const std::vector<Values>& exact,
                  const std::vector<Values>& bounds) {
  const std::vector<ops::TensorSpec> outputs = c.op->infer(c.specs);
  for (std::size_t output = 0; output < exact.size(); ++output) {
    if (output < outputs.size() && outputs[output].element != ops::Element::scalar) continue;
    for (std::size_t i = 0; i < exact[output].size(); ++i) {
      if (std::abs(found[output][i] - exact[output][i]) <= bounds[output][i]) continue;
      INFO("output " << output << ", element " << i << ", bound " << bounds[output][i]);
      REQUIRE(found[output][i] == exact[output][i]);
    }
  }
}

}  // namespace

TEST_CASE("every op equals its definition on integers, on every ISA", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    if (!is_exact(drawn)) continue;
    const auto check = [&](Pick& pick) {
      const OpCase c = drawn.draw(pick);
      const Inputs expected = c.definition(c.inputs);
      for (const ops::Kernels& kernels : all_float_kernels()) {
        // Seldom several: for such small work threads mostly wait for each other.
        const int threads = pick(0, 9) == 0 ? static_cast<int>(pick(2, 4)) : 1;
        INFO(drawn.name << ", " << pick.to_string() << ", isa " << kernels.isa() << ", threads " << threads);
        require_equal(run(c, kernels, threads), expected);
        count_cases("1 exact integers, ops", std::string(drawn.name) + "/" + isa_id(kernels), 1);
      }
    };
    for_random(Numbers::whole, exact_shapes, 0, check);
    for_tails(drawn, Numbers::whole, check);
  }
}

TEST_CASE("what every op passes back is adjoint to what it computes, in integers, on every ISA", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    const auto check = [&](Pick& pick) {
      const OpCase c = drawn.draw(pick);
      const Values y = c.definition(c.inputs)[0];
      Values dy = pick.values(c.op->infer(c.specs)[0], c.batch);
      for (double& value : dy) value *= c.multiple;
      // An affine op's output without what an input adds to it.
      std::vector<double> expected;
      for (std::size_t input : c.affine) {
        Inputs others = c.inputs;
        std::fill(others[input].begin(), others[input].end(), 0.0);
        expected.push_back(dot(y, dy) - dot(c.definition(others)[0], dy));
      }
      for (const ops::Kernels& kernels : all_float_kernels()) {
        INFO(drawn.name << ", " << pick.to_string() << ", isa " << kernels.isa());
        const auto gradients = op_gradients(c.op, c.specs, c.inputs, dy, c.affine, {kernels, c.batch});
        for (std::size_t i = 0; i < expected.size(); ++i)
          REQUIRE(dot(c.inputs[c.affine[i]], gradients[i]) == expected[i]);
        count_cases("2 adjoint identities in integers", std::string(drawn.name) + "/" + isa_id(kernels), 1);
      }
    };
    Pick any(Numbers::whole, 0);
    if (drawn.draw(any).affine.empty()) continue;
    for_random(Numbers::whole, exact_shapes, 0, check);
    for_tails(drawn, Numbers::whole, check);
  }
}

TEST_CASE("every op's floats are near those of float64", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    const auto check = [&](Pick& pick) {
      const OpCase c = drawn.draw(pick);
      const std::vector<Values> exact = run(c, ops::Kernels(ops::Scalar::f64), 1);
      const std::vector<Values> bound = bounds(c, exact);
      for (const ops::Kernels& kernels : all_float_kernels()) {
        if (kernels.scalar() == ops::Scalar::f64) continue;
        INFO(drawn.name << ", " << pick.to_string() << ", isa " << kernels.isa());
        require_near(c, run(c, kernels, 1), exact, bound);
        count_cases("3 reals against float64, ops", std::string(drawn.name) + "/" + isa_id(kernels), 1);
      }
    };
    for_random(Numbers::real, real_shapes, 10'000'000, check);
    for_tails(drawn, Numbers::real, check);
  }
}

TEST_CASE("every op gives the same bits for any number of threads", "[ops]") {
  for (const DrawnOp& drawn : every_op())
    for_random(Numbers::real, thread_shapes, 40'000'000, [&](Pick& pick) {
      const OpCase c = drawn.draw(pick);
      for (const ops::Kernels& kernels : all_float_kernels()) {
        const std::vector<Values> expected = run(c, kernels, 1);
        for (const int threads : {2, 3, 4, 7, 16}) {
          INFO(drawn.name << ", " << pick.to_string() << ", isa " << kernels.isa() << ", threads " << threads);
          require_equal(run(c, kernels, threads), expected);
        }
        count_cases("6 same bits for any threads, ops", std::string(drawn.name) + "/" + isa_id(kernels), 5);
      }
    });
}

TEST_CASE("every op's gradients are its derivatives", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    const auto check = [&](Pick& pick) {
      const OpCase c = drawn.draw(pick);
      if (c.differentiable.empty()) return;
      INFO(drawn.name << ", " << pick.to_string());
      REQUIRE(gradient_error(c.op, c.specs, c.inputs, c.differentiable, c.batch, 99) < 1e-6);
    };
    for_random(Numbers::real, gradient_shapes, 50'000'000, check);
  }
}

TEST_CASE("every op gives an empty batch empty results and zero sums", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    Pick pick(Numbers::real, 60'000'000);
    OpCase c = drawn.draw(pick);
    const auto is_batched = [](const ops::TensorSpec& spec) { return spec.storage == ops::Storage::batched; };
    if (std::none_of(c.specs.begin(), c.specs.end(),
                     [&](const auto& spec) { return !ops::is_absent(spec) && is_batched(spec); }))
      continue;
    for (std::size_t input = 0; input < c.inputs.size(); ++input)
      if (is_batched(c.specs[input])) c.inputs[input].clear();
    c.batch = 0;
    for (const ops::Kernels& kernels : all_float_kernels())
      for (const int threads : {1, 3}) {
        INFO(drawn.name << ", isa " << kernels.isa() << ", threads " << threads);
        const std::vector<Values> found = run(c, kernels, threads);
        const std::vector<ops::TensorSpec> outputs = c.op->infer(c.specs);
        for (std::size_t output = 0; output < outputs.size(); ++output)
          REQUIRE(found[output] == (is_batched(outputs[output]) ? Values{} : Values(found[output].size(), 0.0)));
      }
  }
}

// What keeps an op from being left out of a row.

TEST_CASE("an op without a definition has no integer form, and one that is affine says so", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    INFO(drawn.name);
    std::vector<bool> is_affine;
    for (std::uint64_t number = 0; number < 20; ++number) {
      Pick pick(Numbers::whole, number);
      const OpCase c = drawn.draw(pick);
      if (!c.definition) {
        CHECK_THROWS_AS(run(c, ops::Kernels(ops::Scalar::i64), 1), ArgumentError);
        break;
      }
      is_affine.resize(c.inputs.size(), true);
      for (std::size_t input : c.differentiable) {
        // y(x) + y(-x) is 2 y(0).
        Inputs negative = c.inputs, zero = c.inputs;
        for (double& value : negative[input]) value = -value;
        std::fill(zero[input].begin(), zero[input].end(), 0.0);
        const Values y = c.definition(c.inputs)[0], of_negative = c.definition(negative)[0],
                     of_zero = c.definition(zero)[0];
        for (std::size_t i = 0; i < y.size(); ++i)
          if (y[i] + of_negative[i] != 2 * of_zero[i]) is_affine[input] = false;
      }
      if (number < 19) continue;
      for (std::size_t input : c.differentiable) {
        INFO("input " << input);
        CHECK(is_affine[input] == (std::count(c.affine.begin(), c.affine.end(), input) > 0));
      }
    }
  }
}

TEST_CASE("an op that draws nothing to differentiate has no backward operations", "[ops]") {
  for (const DrawnOp& drawn : every_op()) {
    Pick pick(Numbers::real, 0);
    const OpCase c = drawn.draw(pick);
    if (!c.differentiable.empty() || c.op->infer(c.specs).empty()) continue;
    INFO(drawn.name);
    const Values dy = pick.values(c.op->infer(c.specs)[0], c.batch);
    CHECK_THROWS_AS(op_gradients(c.op, c.specs, c.inputs, dy, {0}, {ops::Kernels(ops::Scalar::f64), c.batch}),
                    ArgumentError);
  }
}
