#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

CompileOptions with_metrics(std::vector<Metric> metrics) {
  return {.optimizer = SGD{.learning_rate = 0.1}, .metrics = std::move(metrics)};
}

}  // namespace

TEST_CASE("an evaluation has a value for each metric, by name", "[train]") {
  const Dataset data = striped_images(small_shape(), 3, 70);
  Sequential model(small_layers());
  model.compile(with_metrics({TopKAccuracy{3}, Accuracy{}, TopKAccuracy{1}, TopKAccuracy{2}}));
  const History history = model.fit(data.batch(16), {.validation = data.batch(11), .epochs = 2});
  for (const Evaluation& evaluation :
       {history.epochs.back().training, *history.epochs.back().validation, model.evaluate(data.batch(70))}) {
    REQUIRE(evaluation.metrics.size() == 4);
    CHECK(evaluation.metrics[0].name == "top_3_accuracy");
    CHECK(evaluation.metrics[1].name == "accuracy");
    CHECK(evaluation.value("top_3_accuracy") == 1);
    CHECK(evaluation.value("accuracy") == evaluation.accuracy.value());
    CHECK(evaluation.value("top_1_accuracy") == evaluation.accuracy.value());
    CHECK(evaluation.value("top_2_accuracy") >= evaluation.accuracy.value());
    CHECK(evaluation.value("loss") == evaluation.loss);
    CHECK_THROWS_WITH(evaluation.value("acuracy"),
                      "no metric acuracy; the model is compiled with loss, top_3_accuracy, accuracy, top_1_accuracy, "
                      "top_2_accuracy");
  }
}

TEST_CASE("metrics against targets are those against labels", "[train]") {
  const Dataset data = striped_images(small_shape(), 3, 70);
  const auto evaluation = [&](const Loss& loss, const Dataset& of) {
    Sequential model(small_layers());
    CompileOptions options = with_metrics({Accuracy{}, TopKAccuracy{2}});
    options.loss = loss;
    model.compile(options);
    model.build(small_shape());
    return model.evaluate(of.batch(16));
  };
  const Evaluation labels = evaluation(SparseCategoricalCrossentropy{}, data);
  const Evaluation targets = evaluation(CategoricalCrossentropy{}, data.one_hot(3));
  CHECK(labels.value("accuracy") == targets.value("accuracy"));
  CHECK(labels.value("top_2_accuracy") == targets.value("top_2_accuracy"));
}

TEST_CASE("a confusion matrix counts predicted classes for each label", "[train]") {
  // The outputs are the sample: the predicted class is that of its largest element, of equal ones the first.
  const std::vector<float> samples{1, 0, 0, /**/ 0, 1, 0, /**/ 0, 2, 2, /**/ 0, 0, 9, /**/ 5, 4, 3, /**/ 0, 0, 1};
  const std::vector<std::int32_t> labels{0, 1, 2, 2, 2, 0};
  const Dataset data({3}, samples, labels);
  Sequential model{Flatten()};
  CHECK_THROWS_WITH(model.confusion_matrix(data.batch(4)), contains("build()"));
  model.build({3});
  for (const Dataset& either : {data, data.one_hot(3)}) {
    const ConfusionMatrix matrix = model.confusion_matrix(either.batch(4));
    CHECK(matrix.classes == 3);
    CHECK(matrix.counts == std::vector<std::int64_t>{1, 0, 1, /**/ 0, 1, 0, /**/ 1, 1, 1});
    CHECK(matrix.count(0, 2) == 1);
    CHECK(matrix.count(2, 0) == 1);
  }
  CHECK_THROWS_AS(model.confusion_matrix(Dataset({4}, std::vector<float>(4), std::vector<std::int32_t>(1)).batch(1)),
                  ShapeError);
  CHECK_THROWS_AS(model.confusion_matrix(Dataset({3}, std::vector<float>(3), std::vector<std::int32_t>{3}).batch(1)),
                  ArgumentError);
  CHECK_THROWS_AS(model.confusion_matrix(data.one_hot(4).batch(1)), ShapeError);
  CHECK_THROWS_AS(model.confusion_matrix(Pipeline(data)), ArgumentError);
  Sequential image{ReLU()};
  image.build({2, 2, 1});
  CHECK_THROWS_WITH(image.confusion_matrix(data.batch(1)), contains("one output per class; the model gives 2x2x1"));
}

TEST_CASE("the diagonal of a confusion matrix is the accuracy", "[train]") {
  const Dataset data = striped_images(small_shape(), 3, 70);
  Sequential model(small_layers());
  model.compile(with_accuracy());
  model.build(small_shape());
  const ConfusionMatrix matrix = model.confusion_matrix(data.shuffle(10).batch(16).prefetch());
  std::int64_t all = 0;
  for (const std::int64_t count : matrix.counts) all += count;
  CHECK(all == 70);
  const std::int64_t right = matrix.count(0, 0) + matrix.count(1, 1) + matrix.count(2, 2);
  CHECK(static_cast<double>(right) / 70 == model.evaluate(data.batch(16)).accuracy.value());
}

TEST_CASE("a top-k accuracy of more classes than there are is refused", "[train]") {
  Sequential model(small_layers());
  model.compile(with_metrics({TopKAccuracy{}}));
  CHECK_THROWS_WITH(model.build(small_shape()), contains("k must be from 1 to the number of classes, 3; found 5"));
}
