#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Sequential model_with(const Loss& loss) {
  Sequential model(small_layers());
  model.compile({.optimizer = SGD{.learning_rate = 0.5}, .loss = loss, .seed = 3});
  model.build(small_shape());
  return model;
}

void check_close(const std::vector<float>& found, const std::vector<float>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    REQUIRE(double{found[i]} == Approx(double{expected[i]}).epsilon(1e-4).margin(1e-5));
}

}  // namespace

TEST_CASE("the gradient of a short last batch is divided by its own size", "[train]") {
  for (const Loss& loss :
       std::vector<Loss>{SparseCategoricalCrossentropy{}, CategoricalCrossentropy{},
                         SparseCategoricalCrossentropy{.label_smoothing = 0.25}, MeanSquaredError{}}) {
    CAPTURE(loss.index());
    Dataset data = striped_images(small_shape(), 3, 5);
    if (!std::holds_alternative<SparseCategoricalCrossentropy>(loss)) data = data.one_hot(3);
    Sequential untrained = model_with(loss), exact = model_with(loss), shorter = model_with(loss);
    exact.fit(data.batch(5));
    shorter.fit(data.batch(64));
    CHECK(all_weights(exact) != all_weights(untrained));
    check_close(all_weights(shorter), all_weights(exact));

    // A full batch of three, a short one of two: what two fits do.
    Sequential both = model_with(loss), apart = model_with(loss);
    both.fit(data.batch(3));
    apart.fit(data.take(3).batch(3));
    std::vector<float> samples(static_cast<std::size_t>(2 * small_shape().elements()));
    for (std::int64_t i = 0; i < 2; ++i) data.copy_sample(3 + i, samples.data() + i * small_shape().elements());
    const Dataset whole = striped_images(small_shape(), 3, 5);
    Dataset rest(small_shape(), samples, {whole.label(3), whole.label(4)});
    apart.fit((data.has_targets() ? rest.one_hot(3) : rest).batch(2));
    check_close(all_weights(both), all_weights(apart));
  }
}
