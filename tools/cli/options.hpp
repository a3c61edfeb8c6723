#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "tilewise/arithmetic.hpp"
#include "tilewise/dataset.hpp"

/// Options that several subcommands have. A value that is not what it must be ends parsing with one line that says what
/// was expected.
namespace tilewise::cli {

/// A whole number from `minimum` to `maximum`; without a maximum for people to know, the message names the minimum
/// only.
CLI::Option* add_integer(CLI::App& command, const std::string& name, std::int64_t& value, std::int64_t minimum,
                         std::int64_t maximum, const std::string& help);
CLI::Option* add_seed(CLI::App& command, const std::string& name, std::uint64_t& value, const std::string& help);
CLI::Option* add_positive(CLI::App& command, const std::string& name, double& value, const std::string& help);

/// --threads, --isa, --arithmetic and --algorithm.
struct ComputeOptions {
  std::int64_t threads = 0;  ///< 0: not given
  std::string isa = {};      ///< empty: not given
  Arithmetic arithmetic = Arithmetic::standard;
  std::string algorithm = {};  ///< as in CompileOptions

  void add_to(CLI::App& command);
  /// Sets threads and ISA for the process. Throws ArgumentError if this machine lacks the ISA.
  void apply() const;
};

/// --data, --limit and --batch.
struct DataOptions {
  std::string data = "fashion-mnist";
  std::int64_t limit = 0;  ///< 0: all
  std::int64_t batch = 32;

  void add_to(CLI::App& command);
  /// The data set, cut to the limit; what its user should know goes to stderr.
  datasets::TrainTest load() const;
};

/// Adds the MODEL argument.
void add_model(CLI::App& command, std::string& path);
/// The same where a model need not be given.
void add_optional_model(CLI::App& command, std::string& path);

}  // namespace tilewise::cli
