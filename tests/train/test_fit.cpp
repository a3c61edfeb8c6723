#include <cmath>

#include "base/aligned_buffer.hpp"
#include "nn/networks.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

Sequential small_model(std::uint64_t seed = 0) {
  Sequential model(small_layers());
  model.compile(with_accuracy(Adam{.learning_rate = 5e-3}, seed));
  return model;
}

Dataset small_data(std::int64_t count = 100) {
  return striped_images(small_shape(), 3, count);
}

/// Counts what it is told, and stops when it is told to.
struct Recorder : Callback {
  int stop_after_epoch = 1000, stop_before_epoch = 1000;
  std::int64_t stop_after_batch = 1000;
  std::vector<int> begun, ended;
  std::vector<BatchRecord> batches;

  bool on_epoch_begin(int epoch) override {
    begun.push_back(epoch);
    return epoch < stop_before_epoch;
  }
  bool on_epoch_end(const EpochRecord& record) override {
    ended.push_back(record.epoch);
    return record.epoch < stop_after_epoch;
  }
  bool on_batch_end(const BatchRecord& record) override {
    batches.push_back(record);
    return record.batch < stop_after_batch;
  }
};

}  // namespace

TEST_CASE("a history has means over samples, the short last batch included", "[train]") {
  const Dataset data = small_data(50);
  Sequential model = small_model();
  Recorder recorder;
  const History history =
      model.fit(data.batch(16), {.validation = data.batch(7), .epochs = 3, .callbacks = {&recorder}});
  REQUIRE(history.epochs.size() == 3);
  CHECK(recorder.begun == std::vector<int>{1, 2, 3});
  CHECK(recorder.ended == std::vector<int>{1, 2, 3});
  REQUIRE(recorder.batches.size() == 12);
  CHECK(recorder.batches[5].epoch == 2);
  CHECK(recorder.batches[5].batch == 2);
  CHECK(recorder.batches[5].batches == 4);
  for (std::size_t i = 0; i < 3; ++i) {
    const EpochRecord& record = history.epochs[i];
    CHECK(record.epoch == static_cast<int>(i) + 1);
    CHECK(record.training.loss == recorder.batches[4 * i + 3].so_far.loss);
    CHECK(record.seconds > 0);
    CHECK(record.images_per_second == Approx(50 / record.seconds));
    REQUIRE(record.validation);
    CHECK(record.validation->loss > 0);
    // 50 samples: a mean over batches would not be a multiple of 1/50.
    CHECK(*record.training.accuracy * 50 == Approx(std::round(*record.training.accuracy * 50)).margin(1e-9));
    CHECK(*record.validation->accuracy * 50 == Approx(std::round(*record.validation->accuracy * 50)).margin(1e-9));
  }
  CHECK(history.epochs[2].training.loss < history.epochs[0].training.loss);
  CHECK(model.evaluate(data.batch(7)).loss == history.epochs[2].validation->loss);
}

TEST_CASE("the mean loss does not depend on the batch size", "[train]") {
  const Dataset data = small_data(50);
  Sequential model = small_model();
  model.build(small_shape());
  const Evaluation whole = model.evaluate(data.batch(50));
  for (const std::int64_t size : {1, 7, 16, 64}) {
    const Evaluation split = model.evaluate(data.batch(size).prefetch());
    CHECK(split.loss == Approx(whole.loss).epsilon(1e-6));
    CHECK(split.accuracy == whole.accuracy);
  }
}

TEST_CASE("accuracy is there only if it was compiled", "[train]") {
  Sequential model(small_layers());
  model.compile({});
  const History history = model.fit(small_data().batch(32));
  CHECK_FALSE(history.epochs.at(0).training.accuracy);
  CHECK_FALSE(history.epochs.at(0).validation);
  CHECK_FALSE(model.evaluate(small_data().batch(32)).accuracy);
}

TEST_CASE("a callback stops the training", "[train]") {
  const Dataset data = small_data();
  Sequential model = small_model();
  Recorder recorder, other;
  FitOptions options{.validation = data.batch(50), .epochs = 5, .callbacks = {&recorder, &other}};
  SECTION("after an epoch") {
    recorder.stop_after_epoch = 2;
    CHECK(model.fit(data.batch(32), options).epochs.size() == 2);
    CHECK(other.ended == std::vector<int>{1, 2});
  }
  SECTION("before an epoch") {
    recorder.stop_before_epoch = 3;
    CHECK(model.fit(data.batch(32), options).epochs.size() == 2);
    CHECK(other.begun == std::vector<int>{1, 2, 3});
    CHECK(other.ended == std::vector<int>{1, 2});
  }
  SECTION("within an epoch") {
    recorder.stop_after_batch = 2;
    const History history = model.fit(data.batch(32), options);
    REQUIRE(history.epochs.size() == 1);
    CHECK(other.batches.size() == 2);
    CHECK(history.epochs[0].training.loss == recorder.batches[1].so_far.loss);
    CHECK_FALSE(history.epochs[0].validation);
  }
  SECTION("an exception of a callback reaches the caller, and the model goes on") {
    struct Thrower : Callback {
      bool on_batch_end(const BatchRecord&) override { throw std::runtime_error("enough"); }
    } thrower;
    CHECK_THROWS_WITH(model.fit(data.batch(32), {.epochs = 1, .callbacks = {&thrower}}), "enough");
    CHECK(model.fit(data.batch(32)).epochs.size() == 1);
  }
}

TEST_CASE("fitting twice goes on where the first fit ended", "[train]") {
  const Pipeline pipeline = small_data().shuffle(100, 5).batch(32).prefetch();
  Sequential once = small_model(), twice = small_model();
  const History whole = once.fit(pipeline, {.epochs = 3});
  const History first = twice.fit(pipeline, {.epochs = 1}), second = twice.fit(pipeline, {.epochs = 2});
  CHECK(all_weights(once) == all_weights(twice));
  CHECK(first.epochs[0].training.loss == whole.epochs[0].training.loss);
  CHECK(second.epochs[1].training.loss == whole.epochs[2].training.loss);
  CHECK(second.epochs[0].epoch == 1);
}

TEST_CASE("compiling again starts the optimizer afresh and keeps the weights", "[train]") {
  const Pipeline pipeline = small_data().batch(32);
  Sequential model = small_model(), other = small_model();
  model.fit(pipeline);
  const std::vector<float> trained = all_weights(model);
  model.compile(with_accuracy(Adam{.learning_rate = 5e-3}, 99));
  CHECK(all_weights(model) == trained);
  other.build(small_shape());
  other.set_weights(model.weights());
  model.fit(pipeline);
  other.fit(pipeline);
  CHECK(all_weights(model) == all_weights(other));
}

TEST_CASE("the seed chooses the initial weights, before or after build", "[train]") {
  Sequential before = small_model(4), after(small_layers()), other = small_model(5);
  before.build(small_shape());
  after.build(small_shape());
  after.compile(with_accuracy(Adam{}, 4));
  other.build(small_shape());
  CHECK(all_weights(before) == all_weights(after));
  CHECK(all_weights(before) != all_weights(other));
}

TEST_CASE("what cannot be trained is refused before the first step", "[train]") {
  Sequential model = small_model();
  model.build(small_shape());
  const std::vector<float> untouched = all_weights(model);
  const Dataset good = small_data();
  const auto bad_label = [&] {
    std::vector<float> samples(static_cast<std::size_t>(3 * small_shape().elements()));
    return Dataset(small_shape(), std::move(samples), {0, 3, 1});
  };
  CHECK_THROWS_AS(model.fit(bad_label().batch(2)), ArgumentError);
  CHECK_THROWS_AS(model.fit(good.batch(2), {.validation = bad_label().batch(2)}), ArgumentError);
  CHECK_THROWS_AS(model.evaluate(bad_label().batch(2)), ArgumentError);
  CHECK_THROWS_AS(model.fit(striped_images({8, 8, 2}, 3, 10).batch(2)), ShapeError);
  CHECK_THROWS_AS(model.fit(good.batch(2), {.validation = striped_images({8, 8, 2}, 3, 10).batch(2)}), ShapeError);
  CHECK_THROWS_AS(model.fit(good.take(0).batch(2)), ArgumentError);
  CHECK_THROWS_AS(model.fit(Pipeline(good)), ArgumentError);
  CHECK_THROWS_AS(model.fit(good.batch(2), {.epochs = -1}), ArgumentError);
  CHECK_THROWS_AS(model.fit(good.batch(2), {.callbacks = {nullptr}}), ArgumentError);
  CHECK_THROWS_AS(model.compile({.optimizer = SGD{.learning_rate = -1}}), ArgumentError);
  CHECK_THROWS_WITH(model.compile({.algorithm = "fft9"}),
                    "no algorithm is called 'fft9'; expected one of direct, fft8, fft16, winograd2, winograd7");
  CHECK(all_weights(model) == untouched);
  CHECK(model.fit(good.batch(2), {.epochs = 0}).epochs.empty());
  CHECK(all_weights(model) == untouched);
}

TEST_CASE("a model that is not built or compiled says what to call", "[train]") {
  Sequential model(small_layers());
  const float sample = 0;
  CHECK_THROWS_WITH(model.fit(small_data().batch(2)), contains("compile()"));
  CHECK_THROWS_WITH(model.evaluate(small_data().batch(2)), contains("compile()"));
  CHECK_THROWS_WITH(model.predict(&sample, 1), contains("build()"));
  CHECK_THROWS_WITH(model.summary(), contains("build()"));
  CHECK_THROWS_WITH(model.describe_plan(4, true), contains("compile()"));
  model.build(small_shape());
  CHECK_NOTHROW(model.build(small_shape()));
  CHECK_THROWS_AS(model.build({9, 8, 1}), ShapeError);
  CHECK_THAT(model.describe_plan(4, false), contains("conv2d"));
  Sequential wrong{Conv2D(2, 9)};
  wrong.compile({});
  CHECK_THROWS_WITH(wrong.build({4, 4, 1}), Catch::Matchers::StartsWith("layer 1 (conv2d): "));
  CHECK_THROWS_AS(wrong.summary(), ArgumentError);
}

TEST_CASE("a training step allocates nothing", "[train]") {
  // Counted from the third batch of the second epoch on, by which time TBB has made its workers.
  struct Counter : Callback {
    int epoch = 0;
    std::int64_t first_batch = 3, buffers = -1, news = -1;
    bool on_epoch_begin(int number) override {
      epoch = number;
      return true;
    }
    bool on_batch_end(const BatchRecord& record) override {
      if (epoch != 2) return true;
      if (record.batch == first_batch) {
        Allocations::reset();
        buffers = base::AlignedBuffer::allocations();
      }
      if (record.batch == record.batches) {
        news = Allocations::count();
        buffers = base::AlignedBuffer::allocations() - buffers;
      }
      return true;
    }
  };
  for (const int threads : {1, 2}) {
    const Threads set(threads);
    Sequential model = small_model();
    Counter counter;
    model.fit(small_data(200).shuffle(100).batch(16).prefetch(), {.epochs = 2, .callbacks = {&counter}});
    CAPTURE(threads);
    CHECK(counter.news == 0);
    CHECK(counter.buffers == 0);
  }
}

TEST_CASE("dropout works in training only, and its bits hang on the seed, not on the threads", "[train]") {
  const auto layers = [](double rate) {
    return std::vector<Layer>{Flatten(), Dense(16, {.activation = relu}), Dropout(rate),
                              Dense(3, {.activation = softmax})};
  };
  const Dataset data = striped_images({6, 5, 1}, 3, 90);
  const auto trained = [&](double rate, std::uint64_t seed, int threads) {
    const Threads count(threads);
    Sequential model(layers(rate));
    model.compile(with_accuracy(Adam{}, seed));
    model.fit(data.batch(16), {.epochs = 2});
    return model;
  };
  const Sequential model = trained(0.5, 1, 1);
  for (int threads : {2, 3, 7}) CHECK(all_weights(trained(0.5, 1, threads)) == all_weights(model));
  CHECK(all_weights(trained(0.0, 1, 1)) != all_weights(model));
  Sequential plain(layers(0));
  plain.build({6, 5, 1});
  plain.set_weights(model.weights());
  std::vector<float> sample(30);
  data.copy_sample(0, sample.data());
  CHECK(plain.predict(sample.data(), 1) == model.predict(sample.data(), 1));
  CHECK_THAT(model.describe_plan(4, true), contains("dropout"));
  CHECK_THAT(model.describe_plan(4, false), !contains("dropout"));
}
