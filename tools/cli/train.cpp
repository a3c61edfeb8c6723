#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "command.hpp"
#include "files.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "network.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "tilewise/tilewise.hpp"

namespace tilewise::cli {

namespace {

constexpr std::int64_t shuffle_buffer = 10'000;
constexpr std::int64_t most_epochs = 1'000'000;

struct TrainOptions {
  DataOptions data;
  ComputeOptions compute;
  std::int64_t epochs = 10;
  double learning_rate = Adam{}.learning_rate.after(0);
  std::uint64_t seed = 0;
  std::string history, save;
  bool dump_plan = false;
};

nlohmann::json to_json(const EpochRecord& record) {
  nlohmann::json json{{"epoch", record.epoch},
                      {"loss", record.training.loss},
                      {"seconds", record.seconds},
                      {"images_per_second", record.images_per_second}};
  if (record.training.accuracy) json["accuracy"] = *record.training.accuracy;
  if (record.validation) {
    json["val_loss"] = record.validation->loss;
    if (record.validation->accuracy) json["val_accuracy"] = *record.validation->accuracy;
  }
  return json;
}

void write_history(const std::string& path, const History& history, std::uint64_t seed) {
  nlohmann::json json{{"cpu", cpu_name()},
                      {"isa", isa_name(isa())},
                      {"threads", threads()},
                      {"seed", seed},
                      {"epochs", nlohmann::json::array()}};
  for (const EpochRecord& record : history.epochs) json["epochs"].push_back(to_json(record));
  constexpr int indent = 2;
  write_file(path, json.dump(indent) + '\n');
}

int interrupt() {
  fmt::print(stderr, "tilewise: interrupted; nothing was saved\n");
  return interrupted;
}

int train(const TrainOptions& options) {
  const InterruptGuard guard;
  options.compute.apply();
  if (!options.history.empty() && std::filesystem::path(options.history).lexically_normal() ==
                                      std::filesystem::path(options.save).lexically_normal())
    throw ArgumentError("--history and --save: expected two files, found " + options.save + " for both");
  require_writable(options.history, "--history");
  require_writable(options.save, "--save");

  const auto [training, test] = options.data.load();
  Sequential model = notebook_network(training.classes());
  model.build(training.sample_shape());
  model.compile({.optimizer = Adam{.learning_rate = options.learning_rate},
                 .metrics = {Accuracy{}},
                 .seed = options.seed,
                 .arithmetic = options.compute.arithmetic,
                 .algorithm = options.compute.algorithm});
  if (options.dump_plan) {
    fmt::print("{}", model.describe_plan(options.data.batch, true));
    return success;
  }
  if (InterruptGuard::interrupted()) return interrupt();

  const std::int64_t batch = options.data.batch;
  const auto epochs = static_cast<int>(options.epochs);
  TrainingDisplay display(epochs, batch, training.size());
  const History history = model.fit(training.shuffle(shuffle_buffer, options.seed).batch(batch).prefetch(),
                                    {.validation = test.batch(batch), .epochs = epochs, .callbacks = {&display}});
  if (InterruptGuard::interrupted()) {
    display.clear();
    return interrupt();
  }
  if (!options.history.empty()) write_history(options.history, history, options.seed);
  if (!options.save.empty()) model.save(options.save);
  fmt::print("test accuracy {:.4f}\n", history.epochs.back().validation->accuracy.value());
  return success;
}

}  // namespace

void add_train(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("train", "Train the notebook's network");
  const auto options = std::make_shared<TrainOptions>();
  options->data.add_to(*command);
  add_integer(*command, "--epochs", options->epochs, 1, most_epochs,
              "Times to go through the training images (default: 10)");
  add_positive(*command, "--lr", options->learning_rate, "Adam's learning rate (default: 0.001)");
  add_seed(*command, "--seed", options->seed, "Of the first weights and of the order of the images (default: 0)");
  options->compute.add_to(*command);
  command->add_option("--history", options->history, "Write what each epoch gave to this file, as JSON")
      ->type_name("FILE.json");
  command->add_option("--save", options->save, "Write the trained model to this file")->type_name("FILE.safetensors");
  command->add_flag("--dump-plan", options->dump_plan,
                    "Print the steps of a training batch, with shapes, algorithms and memory, and stop");
  command->callback([options, &action] { action = [options] { return train(*options); }; });
}

}  // namespace tilewise::cli
