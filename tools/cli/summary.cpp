#include <fmt/core.h>

#include <memory>
#include <string>

#include "command.hpp"
#include "options.hpp"
#include "tilewise/model.hpp"

namespace tilewise::cli {

void add_summary(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("summary", "The layers of a saved model");
  const auto path = std::make_shared<std::string>();
  add_model(*command, *path);
  command->callback([path, &action] {
    action = [path] {
      fmt::print("{}", Model::load(*path).summary());
      return success;
    };
  });
}

}  // namespace tilewise::cli
