#include <fmt/core.h>

#include <memory>
#include <string>

#include "command.hpp"
#include "options.hpp"
#include "tilewise/tilewise.hpp"

namespace tilewise::cli {

namespace {

struct EvaluateOptions {
  std::string model;
  DataOptions data;
  ComputeOptions compute;
};

int evaluate(const EvaluateOptions& options) {
  options.compute.apply();
  Model model = Model::load(options.model);
  model.compile(
      {.metrics = {Accuracy{}}, .arithmetic = options.compute.arithmetic, .algorithm = options.compute.algorithm});
  const auto test = options.data.load().test;
  const Evaluation evaluation = model.evaluate(test.batch(options.data.batch));
  fmt::print("test loss {:.4f}\ntest accuracy {:.4f}\n", evaluation.loss, evaluation.accuracy.value());
  return success;
}

}  // namespace

void add_evaluate(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("evaluate", "Loss and accuracy of a saved model on a test set");
  const auto options = std::make_shared<EvaluateOptions>();
  add_model(*command, options->model);
  options->data.add_to(*command);
  options->compute.add_to(*command);
  command->callback([options, &action] { action = [options] { return evaluate(*options); }; });
}

}  // namespace tilewise::cli
