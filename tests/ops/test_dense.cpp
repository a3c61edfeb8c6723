#include "ops/dense.hpp"
#include "ops/transpose_weights.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

Values plain_dense(std::int64_t batch, std::int64_t in, std::int64_t out, const Values& x, const Values& w,
                   const Values& b) {
  Values y;
  for (std::int64_t n = 0; n < batch; ++n)
    for (std::int64_t o = 0; o < out; ++o) {
      double sum = b[static_cast<std::size_t>(o)];
      for (std::int64_t k = 0; k < in; ++k)
        sum += x[static_cast<std::size_t>(n * in + k)] * w[static_cast<std::size_t>(k * out + o)];
      y.push_back(sum);
    }
  return y;
}

}  // namespace

TEST_CASE("dense's passes equal their definition on integers, on every ISA", "[ops]") {
  const std::int64_t sizes[][3] = {{1, 1, 1},      {1, 3, 10},    {3, 300, 33}, {9, 17, 64},
                                   {32, 520, 128}, {33, 256, 10}, {64, 70, 65}};
  for (const auto& [batch, in, out] : sizes) {
    const TensorSpec x_spec{{in}}, y_spec{{out}}, kernel{{in, out}, Storage::packed},
        transposed{{out, in}, Storage::packed}, bias{{out}, Storage::packed};
    const Values x = integers(x_spec, batch, 3, 1), w = integers(kernel, 1, 3, 2), b = integers(bias, 1, 9, 3),
                 dy = integers(y_spec, batch, 3, 4);
    const Values expected = plain_dense(batch, in, out, x, w, b);
    Values bias_gradient(static_cast<std::size_t>(out), 0.0);
    for (std::size_t i = 0; i < dy.size(); ++i) bias_gradient[i % static_cast<std::size_t>(out)] += dy[i];
    for (const ops::Kernels& kernels : all_float_kernels())
      for (int threads : {1, 2, 5}) {
        INFO("batch " << batch << ", " << in << " -> " << out << ", isa " << kernels.isa() << ", threads " << threads);
        const RunSettings settings{kernels, batch, threads};
        REQUIRE(run_op(std::make_shared<ops::Dense>(), {x_spec, kernel, bias}, {x, w, b}, settings)[0] == expected);
        const Values w_transposed = run_op(std::make_shared<ops::TransposeWeights>(), {kernel}, {w}, settings)[0];
        const auto gradients = run_op(std::make_shared<ops::DenseBackward>(), {y_spec, x_spec, transposed},
                                      {dy, x, w_transposed}, settings);
        const double product = dot(expected, dy) - dot(b, bias_gradient);
        REQUIRE(dot(x, gradients[0]) == product);
        REQUIRE(dot(w, gradients[1]) == product);
        REQUIRE(gradients[2] == bias_gradient);
      }
  }
}

TEST_CASE("dense takes an empty batch", "[ops]") {
  const TensorSpec x{{4}}, kernel{{4, 3}, Storage::packed}, transposed{{3, 4}, Storage::packed};
  for (const ops::Kernels& kernels : all_float_kernels()) {
    CHECK(
        run_op(std::make_shared<ops::Dense>(), {x, kernel, {}}, {{}, Values(12, 1.0), {}}, {kernels, 0, 2})[0].empty());
    const auto gradients = run_op(std::make_shared<ops::DenseBackward>(), {{{3}}, x, transposed},
                                  {{}, {}, Values(12, 1.0)}, {kernels, 0, 2});
    CHECK(gradients[1] == Values(12, 0.0));
    CHECK(gradients[2] == Values(3, 0.0));
  }
}

TEST_CASE("dense's gradients are its derivatives", "[ops]") {
  const TensorSpec x{{7}}, kernel{{7, 5}, Storage::packed}, bias{{5}, Storage::packed};
  CHECK(gradient_error(std::make_shared<ops::Dense>(), {x, kernel, bias},
                       {reals(x, 3, 1), reals(kernel, 1, 2), reals(bias, 1, 3)}, {0, 1, 2}, 3, 4) < 1e-6);
}

TEST_CASE("dense refuses what does not fit", "[ops]") {
  CHECK_THROWS_AS(ops::Dense().infer({{{4, 4, 1}}, {{16, 2}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(ops::Dense().infer({{{15}}, {{16, 2}, Storage::packed}, {}}), ShapeError);
  CHECK_THROWS_AS(ops::Dense().infer({{{16}}, {{16, 2}, Storage::packed}, {{3}, Storage::packed}}), ShapeError);
}
