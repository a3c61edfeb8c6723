#include <cmath>

#include "base/random.hpp"
#include "ops/batch_norm.hpp"
#include "ops/conv2d.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

constexpr double epsilon = 1e-3;

struct NormCase {
  Shape image;
  std::int64_t batch;
  bool has_gamma, has_beta;

  explicit NormCase(std::uint64_t number) {
    const base::Random random(number, base::Stream::test, 9);
    auto pick = [&, position = std::uint64_t{0}](std::uint64_t high) mutable {
      return 1 + static_cast<std::int64_t>(random.below(high, position++));
    };
    image = number % 3 == 0 ? Shape{pick(40)} : Shape{pick(5), pick(5), pick(40)};
    batch = 1 + pick(6);
    has_gamma = number % 2 == 0;
    has_beta = number % 5 != 0;
  }
  TensorSpec x() const { return {image}; }
  TensorSpec channels() const { return {{image[image.rank() - 1]}, Storage::packed}; }
  TensorSpec gamma() const { return has_gamma ? channels() : TensorSpec{}; }
  TensorSpec beta() const { return has_beta ? channels() : TensorSpec{}; }
  std::size_t channel_count() const { return static_cast<std::size_t>(channels().shape[0]); }
};

struct Normalized {
  Values y, mean, variance;
};

/// The definition, written out.
Normalized plain_batch_norm(const NormCase& c, const Values& x, const Values& gamma, const Values& beta) {
  const std::size_t channels = c.channel_count();
  const auto count = static_cast<double>(x.size() / channels);
  Normalized result{x, Values(channels, 0), Values(channels, 0)};
  for (std::size_t i = 0; i < x.size(); ++i) result.mean[i % channels] += x[i] / count;
  for (std::size_t i = 0; i < x.size(); ++i)
    result.variance[i % channels] += std::pow(x[i] - result.mean[i % channels], 2) / count;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::size_t n = i % channels;
    result.y[i] = (x[i] - result.mean[n]) / std::sqrt(result.variance[n] + epsilon) * (c.has_gamma ? gamma[n] : 1) +
                  (c.has_beta ? beta[n] : 0);
  }
  return result;
}

void check_near(const Values& found, const Values& expected, double tolerance) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!(std::abs(found[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i]))))
      FAIL("at " << i << ": found " << found[i] << ", expected " << expected[i]);
}

}  // namespace

TEST_CASE("batch_norm follows its definition, the same bits for any number of threads", "[ops]") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const NormCase c(seed);
    const Values x = reals(c.x(), c.batch, seed), gamma = reals(c.channels(), 1, seed + 1),
                 beta = reals(c.channels(), 1, seed + 2);
    const Normalized expected = plain_batch_norm(c, x, gamma, beta);
    for (const ops::Kernels& kernels : all_float_kernels()) {
      INFO("seed " << seed << ", isa " << kernels.isa());
      const double tolerance = kernels.scalar() == ops::Scalar::f64 ? 1e-12 : 2e-5;
      const std::vector<TensorSpec> specs{c.x(), c.gamma(), c.beta()};
      const auto op = std::make_shared<ops::BatchNorm>(epsilon);
      const auto found = run_op(op, specs, {x, gamma, beta}, {kernels, c.batch});
      check_near(found[0], expected.y, tolerance);
      check_near(found[1], expected.mean, tolerance);
      check_near(found[2], expected.variance, tolerance);
      for (int threads : {2, 3, 7}) REQUIRE(run_op(op, specs, {x, gamma, beta}, {kernels, c.batch, threads}) == found);
      const auto inference = run_op(std::make_shared<ops::BatchNormInference>(epsilon),
                                    {c.x(), c.gamma(), c.beta(), c.channels(), c.channels()},
                                    {x, gamma, beta, expected.mean, expected.variance}, {kernels, c.batch, 2});
      check_near(inference[0], expected.y, tolerance);
    }
  }
}

TEST_CASE("batch_norm's backward gives the same bits for any number of threads", "[ops]") {
  const NormCase c(4);
  const Values dy = reals(c.x(), c.batch, 1), x = reals(c.x(), c.batch, 2), gamma = reals(c.channels(), 1, 3);
  const Normalized forward = plain_batch_norm(c, x, gamma, gamma);
  for (const ops::Kernels& kernels : all_float_kernels()) {
    const auto run = [&](int threads) {
      return run_op(std::make_shared<ops::BatchNormBackward>(epsilon),
                    {c.x(), c.x(), c.gamma(), c.channels(), c.channels()},
                    {dy, x, gamma, forward.mean, forward.variance}, {kernels, c.batch, threads});
    };
    for (int threads : {2, 3, 7}) CHECK(run(threads) == run(1));
  }
}

TEST_CASE("moving_average keeps a share of what was there", "[ops]") {
  for (const ops::Kernels& kernels : all_float_kernels()) {
    plan::Graph graph;
    const auto running = graph.add_parameter("running", {5}, 0), current = graph.add_parameter("current", {5}, 1);
    graph.emit(std::make_shared<ops::MovingAverage>(0.75), {running, current});
    const auto found =
        run_graph(graph, {{running, {4, 8, 0, -4, 16}}, {current, {0, 8, 4, 4, -16}}}, {running}, {kernels, 2});
    CHECK(found[0] == Values{3, 8, 1, -2, 8});
  }
}

TEST_CASE("a normalisation folds into a convolution of any groups and keeps its result", "[ops]") {
  for (const std::int64_t groups : {1, 2, 3})
    for (const bool has_bias : {false, true}) {
      plan::Graph graph;
      const auto x = graph.add_input("x", {{5, 4, 6}});
      const auto kernel = graph.add_parameter("kernel", {3, 3, 6 / groups, 42}, 0, groups);
      const auto bias = has_bias ? graph.add_parameter("bias", {42}, 5, groups) : plan::no_value;
      const auto conv = std::make_shared<ops::Conv2D>(ops::Conv2DAttributes{.window = {{3, 3}}, .groups = groups});
      std::vector<plan::ValueId> normalized = graph.emit(conv, {x, kernel, bias});
      for (int number = 1; number <= 4; ++number) normalized.push_back(graph.add_parameter("norm", {42}, number));
      const auto y = graph.emit(std::make_shared<ops::BatchNormInference>(1.0), normalized);
      std::map<plan::ValueId, Values> values;
      for (plan::ValueId id = 0; id < y[0]; ++id)
        if (id != normalized[0]) values[id] = integers(graph.spec(id), 2, 3, static_cast<std::uint64_t>(id));
      for (double& variance : values[normalized[4]]) variance = variance > 0 ? 15 : 3;  // exact square roots
      for (const ops::Kernels& kernels : all_float_kernels()) {
        INFO(groups << " groups, isa " << kernels.isa());
        const Values apart = run_graph(graph, values, y, {kernels, 2, 1, false})[0];
        REQUIRE(run_graph(graph, values, y, {kernels, 2, 3, true})[0] == apart);
      }
    }
}

TEST_CASE("batch_norm refuses what does not fit", "[ops]") {
  const TensorSpec x{{4, 4, 3}}, three{{3}, Storage::packed}, four{{4}, Storage::packed};
  CHECK_THROWS_AS(ops::BatchNorm(epsilon).infer({x, four, three}), ShapeError);
  CHECK_THROWS_AS(ops::BatchNorm(epsilon).infer({x, three}), ShapeError);
  CHECK_THROWS_AS(ops::BatchNormInference(epsilon).infer({x, three, three, three, {}}), ShapeError);
  CHECK_THROWS_AS(ops::FoldBatchNorm(epsilon).infer({three, {}, three, three, three, three}), ShapeError);
  CHECK_THROWS_AS(run_op(std::make_shared<ops::BatchNorm>(epsilon), {x, three, three},
                         {integers(x, 1, 3, 1), {1, 1, 1}, {0, 0, 0}}, {ops::Kernels(ops::Scalar::i64), 1}),
                  ArgumentError);
}
