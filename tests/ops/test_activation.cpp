#include <cmath>

#include "ops/activation.hpp"
#include "support/catch.hpp"
#include "support/graph_runner.hpp"
#include "tilewise/error.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::TensorSpec;

namespace {

using OpPointer = std::shared_ptr<const ops::Op>;

const ops::Kernels doubles{ops::Scalar::f64}, whole{ops::Scalar::i64};

}  // namespace

TEST_CASE("tanh, sigmoid and leaky ReLU are what they say, on every ISA and number of threads", "[ops]") {
  const TensorSpec spec{{3, 7, 5}};
  const Values x = integers(spec, 9, 40, 1);
  for (const ops::Kernels& kernels : all_float_kernels())
    for (int threads : {1, 2, 3, 16}) {
      const RunSettings settings{kernels, 9, threads};
      const Values tanhs = run_op(std::make_shared<ops::Tanh>(), {spec}, {x}, settings)[0];
      const Values sigmoids = run_op(std::make_shared<ops::Sigmoid>(), {spec}, {x}, settings)[0];
      const Values leaky = run_op(std::make_shared<ops::LeakyRelu>(0.25), {spec}, {x}, settings)[0];
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAPTURE(x[i]);
        REQUIRE(tanhs[i] == Approx(std::tanh(x[i])).epsilon(5e-7).margin(0));
        REQUIRE(sigmoids[i] == Approx(1 / (1 + std::exp(-x[i]))).epsilon(5e-7).margin(0));
        REQUIRE(leaky[i] == (x[i] > 0 ? x[i] : x[i] / 4));
      }
    }
}

TEST_CASE("the backward passes of activations read the output, exactly for integers", "[ops]") {
  const TensorSpec spec{{4, 5}};
  const Values y = integers(spec, 7, 3, 1), dy = integers(spec, 7, 5, 2);
  std::vector<ops::Kernels> all = all_float_kernels();
  all.push_back(whole);
  for (const ops::Kernels& kernels : all) {
    const auto backward = [&](const OpPointer& op) { return run_op(op, {spec, spec}, {dy, y}, {kernels, 7, 2})[0]; };
    const Values of_tanh = backward(std::make_shared<ops::TanhBackward>());
    const Values of_sigmoid = backward(std::make_shared<ops::SigmoidBackward>());
    const Values of_leaky = backward(std::make_shared<ops::LeakyReluBackward>(2));
    for (std::size_t i = 0; i < y.size(); ++i) {
      REQUIRE(of_tanh[i] == dy[i] * (1 - y[i] * y[i]));
      REQUIRE(of_sigmoid[i] == dy[i] * y[i] * (1 - y[i]));
      REQUIRE(of_leaky[i] == (y[i] > 0 ? dy[i] : 2 * dy[i]));
    }
  }
}

TEST_CASE("activations refuse what they have no meaning for", "[ops]") {
  const TensorSpec spec{{4}};
  const auto run = [&](const OpPointer& op, const ops::Kernels& kernels) {
    return run_op(op, {spec}, {integers(spec, 1, 3, 1)}, {kernels, 1});
  };
  CHECK_THROWS_WITH(run(std::make_shared<ops::Tanh>(), whole), contains("tanh has no integer form"));
  CHECK_THROWS_WITH(run(std::make_shared<ops::Sigmoid>(), whole), contains("sigmoid has no integer form"));
  CHECK_THROWS_WITH(run(std::make_shared<ops::LeakyRelu>(0.5), whole), contains("expected a whole one"));
  CHECK_NOTHROW(run(std::make_shared<ops::LeakyRelu>(2), whole));
  CHECK_THROWS_WITH(run(std::make_shared<ops::LeakyRelu>(-0.1), doubles), contains("at least 0"));
  CHECK_THROWS_WITH(run(std::make_shared<ops::LeakyRelu>(std::nan("")), doubles), contains("a finite one"));
  CHECK_THROWS_AS(ops::Tanh().infer({spec, spec}), ShapeError);
  CHECK_THROWS_AS(ops::SigmoidBackward().infer({spec, {{5}}}), ShapeError);
}
