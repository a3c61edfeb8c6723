#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "command.hpp"
#include "tilewise/error.hpp"
#include "tilewise/version.hpp"

namespace {

using namespace tilewise;
using namespace tilewise::cli;

/// One line, whatever the message has.
void complain(std::string_view message) {
  std::string line(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  fmt::print(stderr, "tilewise: {}\n", line);
}

/// The subcommand that was being parsed, for the advice at the end of a message.
std::string help_of(const CLI::App& program) {
  const auto used = program.get_subcommands();
  return "tilewise " + (used.empty() ? "" : used.front()->get_name() + " ") + "--help";
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program("Convolutional networks on CPUs: training, evaluation, and a look at this machine.", "tilewise");
  program.set_version_flag("--version", "tilewise " + std::string(version()));
  program.require_subcommand(0, 1);  // none is told apart from an unknown one below
  Action action;
  add_train(program, action);
  add_evaluate(program, action);
  add_profile(program, action);
  add_summary(program, action);
  add_doctor(program, action);

  try {
    program.parse(argc, argv);
    if (!action)
      throw CLI::RequiredError("expected a command: train, evaluate, profile, summary or doctor",
                               CLI::ExitCodes::RequiredError);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
      return program.exit(error);  // --help, --version
    complain(fmt::format("{}; see {}", error.what(), help_of(program)));
    return wrong_use;
  }

  try {
    return action();
  } catch (const Error& error) {
    complain(error.what());
    return wrong_use;
  } catch (const std::bad_alloc&) {
    complain("out of memory; a smaller --batch or --limit needs less");
    return failure;
  } catch (const std::exception& error) {
    complain(error.what());
    return failure;
  }
}
