#pragma once

#include <CLI/CLI.hpp>
#include <functional>

/// The subcommands of `tilewise`, one file each. Each function adds one to the program; when the command line asks for
/// it, parsing leaves in `action` what is to be done, which returns the exit status.
namespace tilewise::cli {

using Action = std::function<int()>;

void add_train(CLI::App& program, Action& action);
void add_evaluate(CLI::App& program, Action& action);
void add_profile(CLI::App& program, Action& action);
void add_summary(CLI::App& program, Action& action);
void add_doctor(CLI::App& program, Action& action);

/// Exit statuses, as shells and other tools have them.
enum Exit : int { success = 0, failure = 1, wrong_use = 2, interrupted = 130 };

}  // namespace tilewise::cli
