#include "eager/user_memory.hpp"
#include "ops/batch_norm.hpp"
#include "support/catch.hpp"
#include "tilewise/error.hpp"
#include "tilewise/ops.hpp"

using namespace tilewise;
using namespace tilewise::test;
using ops::Storage;
using ops::TensorSpec;

namespace {

constexpr std::int64_t batch = 3;
constexpr double epsilon = 1e-3;
const Shape sample{4, 3, 21}, shape = sample.with_outer(batch), channels{21};
const TensorSpec x_spec{sample}, channel_spec{channels, Storage::packed};

/// A normalisation of one batch, with gamma and beta or without, and what the float64 reference makes of it.
struct NormalizationCase {
  bool is_affine;
  Values x = reals(x_spec, batch, 1), dy = reals(x_spec, batch, 2), gamma = reals(channel_spec, 1, 3),
         beta = reals(channel_spec, 1, 4);
  std::vector<Values> training{}, gradients{};  ///< y, mean, variance; dx, dgamma, dbeta
  Values inference{};

  explicit NormalizationCase(bool is_affine) : is_affine(is_affine) {
    const TensorSpec factor = is_affine ? channel_spec : TensorSpec{};
    training =
        expected_of(std::make_shared<ops::BatchNorm>(epsilon), {x_spec, factor, factor}, {x, gamma, beta}, batch);
    gradients = expected_of(std::make_shared<ops::BatchNormBackward>(epsilon),
                            {x_spec, x_spec, factor, channel_spec, channel_spec},
                            {dy, x, gamma, training[1], training[2]}, batch);
    inference = expected_of(std::make_shared<ops::BatchNormInference>(epsilon),
                            {x_spec, factor, factor, channel_spec, channel_spec},
                            {x, gamma, beta, training[1], training[2]}, batch)[0];
  }
  Affine affine(UserMemory& memory) const {
    if (!is_affine) return {};
    return {memory.input(channels, gamma), memory.input(channels, beta)};
  }
};

}  // namespace

TEST_CASE("batch normalisation on the caller's buffers is the op: training, inference and gradients", "[eager]") {
  for (const bool is_affine : {true, false}) {
    const NormalizationCase c(is_affine);
    on_every_isa([&](Guard guard, Lie lie) {
      UserMemory memory(guard, lie);
      const ConstTensorView x = memory.input(shape, c.x), dy = memory.input(shape, c.dy);
      const TensorView y = memory.output(shape), mean = memory.output(channels), variance = memory.output(channels),
                       later = memory.output(shape);
      const Affine affine = c.affine(memory);
      batch_normalization_training(x, affine, epsilon, y, mean, variance);
      batch_normalization(x, affine, mean, variance, epsilon, later);
      check_close(memory.read(y), c.training[0]);
      check_close(memory.read(mean), c.training[1]);
      check_close(memory.read(variance), c.training[2]);
      check_close(memory.read(later), c.inference);

      NormalizationGradients gradients{.dx = memory.output(shape)};
      if (is_affine) gradients.dgamma = memory.output(channels);
      if (is_affine) gradients.dbeta = memory.output(channels);
      batch_normalization_backward(dy, x, affine.gamma, mean, variance, epsilon, gradients);
      check_close(memory.read(gradients.dx), c.gradients[0]);
      if (is_affine) check_close(memory.read(gradients.dgamma), c.gradients[1]);
      if (is_affine) check_close(memory.read(gradients.dbeta), c.gradients[2]);
      REQUIRE(memory.gaps_written() == 0);
    });
  }
}

TEST_CASE("a prepared batch normalisation takes other weights and statistics", "[eager]") {
  const NormalizationCase c(true);
  UserMemory memory(Guard::after);
  const ConstTensorView x = memory.input(shape, c.x), dy = memory.input(shape, c.dy),
                        ones = memory.input(channels, Values(21, 1.0)), zeros = memory.input(channels, Values(21, 0.0));
  const TensorView y = memory.output(shape), mean = memory.output(channels), variance = memory.output(channels),
                   dx = memory.output(shape);
  PreparedBatchNormalizationTraining training = prepare_batch_normalization_training(shape, {ones, zeros}, epsilon);
  training.run(x, y, mean, variance);
  training.set_weights(c.affine(memory));
  training.run(x, y, mean, variance);
  check_close(memory.read(y), c.training[0]);
  PreparedBatchNormalizationBackward backward =
      prepare_batch_normalization_backward(shape, ones, epsilon, {.dgamma = false, .dbeta = false});
  backward.run(dy, x, zeros, ones, {.dx = dx});
  backward.set_weights(c.affine(memory).gamma);
  backward.run(dy, x, mean, variance, {.dx = dx});
  check_close(memory.read(dx), c.gradients[0]);
}

TEST_CASE("batch normalisation refuses what does not fit", "[eager]") {
  std::vector<float> memory(60);
  const ConstTensorView x(memory.data(), {2, 5}), five(memory.data() + 40, {5}), four(memory.data() + 40, {4});
  const TensorView y(memory.data() + 20, {2, 5}), mean(memory.data() + 50, {5}), variance(memory.data() + 55, {5});
  CHECK_THROWS_WITH(batch_normalization(x, {}, five, four, epsilon, y),
                    contains("batch_normalization: variance is 4; expected 5"));
  CHECK_THROWS_WITH(batch_normalization(x, {}, {}, five, epsilon, y), contains("mean is left out"));
  CHECK_THROWS_WITH(batch_normalization(x, {}, five, five, 0, y), contains("batch_normalization: epsilon 0"));
  CHECK_THROWS_WITH(batch_normalization(five, {}, five, five, epsilon, y), contains("x is 5; expected batch x"));
  CHECK_THROWS_WITH(batch_normalization(x, {.gamma = ConstTensorView(y)}, five, five, epsilon, y),
                    contains("expected memory apart"));
  CHECK_THROWS_WITH(batch_normalization_training(x, {four}, epsilon, y, mean, variance),
                    contains("batch_normalization_training: gamma is 4; expected 5"));
  CHECK_THROWS_WITH(batch_normalization_training(x, {}, epsilon, y, mean, {}), contains("variance is left out"));
  CHECK_THROWS_WITH(batch_normalization_backward(x, x, {}, five, five, epsilon, {}), contains("no gradient is wanted"));
  CHECK_THROWS_WITH(batch_normalization_backward(x, x, {}, five, ConstTensorView(y.data(), {5}), epsilon, {.dx = y}),
                    contains("expected memory apart"));
  PreparedBatchNormalizationTraining plain = prepare_batch_normalization_training({2, 5}, {}, epsilon);
  CHECK_THROWS_WITH(plain.set_weights({.gamma = five}), contains("gamma is given; expected none"));
}
