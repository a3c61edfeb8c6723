#include <cmath>
#include <filesystem>

#include "data/files.hpp"
#include "nn/networks.hpp"
#include "support/catch.hpp"

using namespace tilewise;
using namespace tilewise::test;

namespace {

EpochRecord epoch(int number, double loss, double val_loss, double val_accuracy) {
  const auto evaluation = [](double of_loss, double accuracy) {
    return Evaluation{of_loss, accuracy, {{"accuracy", accuracy}}};
  };
  return {number, evaluation(loss, 0.5), evaluation(val_loss, val_accuracy), 1, 1};
}

const FitRecord validated{100, true, {"accuracy"}};

/// How many epochs of these validation losses a callback sees until it stops; 0 if it never does.
int stops_after(EarlyStopping& stopping, const std::vector<double>& losses) {
  stopping.on_fit_begin(validated);
  for (std::size_t i = 0; i < losses.size(); ++i)
    if (!stopping.on_epoch_end(epoch(static_cast<int>(i) + 1, 1, losses[i], 0))) return static_cast<int>(i) + 1;
  return 0;
}

Dataset small_data(std::int64_t count = 60, std::uint64_t seed = 1) {
  return striped_images(small_shape(), 3, count, seed);
}

/// Learns so fast that later epochs are worse than the first ones.
Sequential wild_model() {
  Sequential model(small_layers());
  model.compile(with_accuracy(SGD{.learning_rate = 0.3, .momentum = 0.9}));
  return model;
}

/// Notes the weights after every epoch.
struct WeightsOfEpochs : Callback {
  explicit WeightsOfEpochs(const Model& model) : model_(model) {}
  bool on_epoch_end(const EpochRecord&) override {
    weights.push_back(all_weights(model_));
    return true;
  }
  std::vector<std::vector<float>> weights;

 private:
  const Model& model_;
};

/// The position of the first smallest validation loss.
std::size_t best_epoch(const History& history) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < history.epochs.size(); ++i)
    if (history.epochs[i].validation->loss < history.epochs[best].validation->loss) best = i;
  return best;
}

}  // namespace

TEST_CASE("early stopping waits as long as it has patience", "[train]") {
  EarlyStopping at_once, patient({.patience = 2}), asks_for_more({.min_delta = 0.5, .patience = 2});
  CHECK(stops_after(at_once, {5, 4, 3, 3}) == 4);
  CHECK(at_once.has_stopped());
  CHECK(at_once.monitor().best() == 3.0);
  CHECK(at_once.monitor().best_epoch() == 3);
  CHECK(stops_after(patient, {5, 6, 4, 5, 4, 3}) == 5);
  CHECK(stops_after(patient, {5, 6, 4, 5, 3, 4}) == 0);
  CHECK_FALSE(patient.has_stopped());
  CHECK(stops_after(asks_for_more, {5, 4.75, 4.5, 4}) == 3);
  CHECK(stops_after(asks_for_more, {5, 4.75, 4.25, 4, 3.5}) == 0);
  CHECK(stops_after(patient, {NAN, NAN}) == 2);
  CHECK(stops_after(patient, {NAN, 5, NAN, NAN}) == 4);
  CHECK(patient.monitor().best() == 5.0);
}

TEST_CASE("a monitor reads losses and metrics of training and validation", "[train]") {
  const auto best_of = [](const char* name) {
    Monitor monitor(name);
    monitor.start(validated);
    for (const EpochRecord& record : {epoch(1, 3, 9, 0.25), epoch(2, 2, 8, 0.75), epoch(3, 1, 9, 0.5)})
      monitor.is_best(record);
    return std::pair(monitor.best_epoch(), monitor.best());
  };
  CHECK(best_of("loss") == std::pair(3, std::optional(1.0)));
  CHECK(best_of("accuracy") == std::pair(1, std::optional(0.5)));
  CHECK(best_of("val_loss") == std::pair(2, std::optional(8.0)));
  CHECK(best_of("val_accuracy") == std::pair(2, std::optional(0.75)));
  Monitor monitor("val_loss");
  EpochRecord cut = epoch(1, 1, 1, 1);
  cut.validation.reset();
  CHECK_FALSE(monitor.is_best(cut));
  CHECK(monitor.best_epoch() == 0);
  EarlyStopping stopping;
  stopping.on_fit_begin(validated);
  CHECK(stopping.on_epoch_end(cut));
}

TEST_CASE("a number that a training does not give is refused before it begins", "[train]") {
  Sequential model = wild_model();
  model.build(small_shape());
  const std::vector<float> untouched = all_weights(model);
  EarlyStopping validation, typing_error({.monitor = "acuracy"});
  CHECK_THROWS_WITH(model.fit(small_data().batch(20), {.callbacks = {&validation}}),
                    "nothing gives val_loss: fit() has no validation data");
  CHECK_THROWS_WITH(model.fit(small_data().batch(20), {.callbacks = {&typing_error}}),
                    "no metric acuracy; the model is compiled with loss, accuracy");
  CHECK(all_weights(model) == untouched);
  CHECK_THROWS_AS(EarlyStopping({.patience = -1}), ArgumentError);
  CHECK_THROWS_AS(EarlyStopping({.min_delta = -0.5}), ArgumentError);
  CHECK_THROWS_AS(EarlyStopping({.min_delta = NAN}), ArgumentError);
}

TEST_CASE("early stopping ends a training and restores the best weights", "[train]") {
  Sequential model = wild_model();
  EarlyStopping stopping(model, {.patience = 2});
  WeightsOfEpochs weights(model);
  const History history =
      model.fit(small_data().batch(20),
                {.validation = small_data(60, 2).batch(60), .epochs = 60, .callbacks = {&weights, &stopping}});
  const std::size_t best = best_epoch(history);
  REQUIRE(stopping.has_stopped());
  CHECK(history.epochs.size() == best + 3);
  CHECK(stopping.monitor().best_epoch() == static_cast<int>(best) + 1);
  CHECK(all_weights(model) == weights.weights[best]);
  CHECK(all_weights(model) != weights.weights.back());
  CHECK(model.evaluate(small_data(60, 2).batch(60)).loss == stopping.monitor().best().value());
}

TEST_CASE("best weights are kept in memory and in a file", "[train]") {
  const TemporaryFolder folder;
  const std::string path = folder / "best.safetensors";
  Sequential model = wild_model();
  BestWeights best(model, {.path = path});
  CHECK_THROWS_AS(best.restore(), ArgumentError);
  WeightsOfEpochs weights(model);
  const History history = model.fit(
      small_data().batch(20), {.validation = small_data(60, 2).batch(60), .epochs = 8, .callbacks = {&best, &weights}});
  const std::size_t number = best_epoch(history);
  CHECK(history.epochs.size() == 8);
  CHECK(all_weights(model) == weights.weights.back());
  CHECK(all_weights(Model::load(path)) == weights.weights[number]);
  best.restore();
  CHECK(all_weights(model) == weights.weights[number]);
  BestWeights nowhere(model, {.monitor = "loss", .path = folder / "no/such/folder"});
  CHECK_THROWS_AS(model.fit(small_data().batch(20), {.callbacks = {&nowhere}}), FileError);
}

TEST_CASE("callbacks hear of the beginning and the end of a training", "[train]") {
  struct Ends : Callback {
    FitRecord begun;
    int ended = 0;
    void on_fit_begin(const FitRecord& fit) override { begun = fit; }
    bool on_epoch_begin(int number) override { return number < 2; }
    void on_fit_end() override { ++ended; }
  } ends;
  Sequential model = wild_model();
  model.fit(small_data().batch(20), {.epochs = 5, .callbacks = {&ends}});
  CHECK(ends.begun.epochs == 5);
  CHECK_FALSE(ends.begun.has_validation);
  CHECK(ends.begun.metrics == std::vector<std::string>{"accuracy"});
  CHECK(ends.ended == 1);
}
